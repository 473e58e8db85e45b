#pragma once

#include <omnibus/schema/schema.hpp>

namespace omnibus {
template <class T>
concept Schema = true;
namespace schema {
template <class T>
const Type& type_of() noexcept;
}
}  // namespace omnibus
