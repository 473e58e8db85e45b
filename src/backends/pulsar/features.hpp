#pragma once

#include <omnibus/driver.hpp>

namespace omnibus::pulsar {

/// What this backend declares; `batching` when its producers send batches unless told otherwise.
driver::Features features(bool batching);

}  // namespace omnibus::pulsar
