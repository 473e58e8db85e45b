#pragma once

#include <omnibus/catalogue/core.hpp>

#include "services/gateway/translate/fields.hpp"

namespace omnibus::catalogue {

/// {"v": text, "e": is it a URI}
void from_fields(const gateway::Fields& fields, Value& value);
/// {"s": …, "p": …, "o": …}
void from_fields(const gateway::Fields& fields, Triple& triple);

}  // namespace omnibus::catalogue
