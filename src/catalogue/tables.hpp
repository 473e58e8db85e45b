#pragma once

#include <span>
#include <string_view>

#include <omnibus/schema/reflect.hpp>

namespace omnibus::catalogue {

struct Entry {
  std::string_view name;
  const schema::Type* (*type)() noexcept;
};

template <class T>
constexpr Entry entry() noexcept {
  return {schema::detail::type_name<T>, &schema::detail::type_pointer<T>};
}

// One table per source file, so that their codecs compile side by side.
std::span<const Entry> knowledge_types() noexcept;
std::span<const Entry> query_types() noexcept;
std::span<const Entry> service_types() noexcept;

}  // namespace omnibus::catalogue
