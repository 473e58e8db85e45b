#include "omnibus/framework/unique_id.hpp"

#include "core/text.hpp"

namespace omnibus::framework {

std::string unique_id() { return text::uuid(); }

}  // namespace omnibus::framework
