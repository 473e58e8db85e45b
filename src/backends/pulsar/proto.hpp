#pragma once

/// The generated messages, without their warnings.

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include "pulsar_api.pb.h"
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
