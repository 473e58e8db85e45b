#pragma once

#include <string_view>

#include <omnibus/schema/detail/names.hpp>

namespace omnibus {

/// What a struct cannot say of itself. Specialise it to make decoding strict:
///
///     template <>
///     struct omnibus::schema_traits<Order> {
///       static constexpr std::array<std::string_view, 2> required{"id", "amount"};
///     };
///
/// A message without one of these fields is then a DecodeError; null counts as present. By default nothing is
/// required: absent fields keep their default, because C++ cannot tell which members have an initialiser.
template <class T>
struct schema_traits {};  // NOLINT(readability-identifier-naming): reads like the standard library's traits

}  // namespace omnibus

namespace omnibus::schema::detail {

template <class T>
inline constexpr bool has_required = requires {
  schema_traits<T>::required;
};

template <class T>
constexpr bool required_names_exist() {
  if constexpr (has_required<T>) {
    for (const std::string_view name : schema_traits<T>::required) {
      bool found = false;
      for (const std::string_view field : field_names<T>) found = found || field == name;
      if (!found) return false;
    }
  }
  return true;
}

}  // namespace omnibus::schema::detail
