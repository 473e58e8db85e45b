#include "services/gateway/translate/core.hpp"

namespace omnibus::catalogue {

void from_fields(const gateway::Fields& fields, Value& value) {
  fields.require("v", value.value);
  fields.require("e", value.is_uri);
}

void from_fields(const gateway::Fields& fields, Triple& triple) {
  fields.require("s", triple.s);
  fields.require("p", triple.p);
  fields.require("o", triple.o);
}

}  // namespace omnibus::catalogue
