#pragma once

/// Explains at compile time why a struct cannot be a message: one check, one sentence. Not for direct use.

#include <omnibus/schema/detail/addressable.hpp>
#include <omnibus/schema/detail/aggregate.hpp>

namespace omnibus::schema::detail {

template <class T>
concept DefaultAggregate = std::is_class_v<T> && std::is_aggregate_v<T> && requires {
  T{};
};

template <class T>
constexpr bool has_plain_members() {
  using All = std::make_index_sequence<field_count<T>>;
  if constexpr (field_count<T> == 0) {
    return true;
  } else if constexpr (any_union<T>(All{}) || any_array<T>(All{})) {
    return false;
  } else {
    return is_addressable<T>();
  }
}

/// True when reflection handles T: what follows has nothing to say about it.
template <class T>
constexpr bool is_plain_aggregate() {
  if constexpr (DefaultAggregate<T>) {
    if constexpr (!has_base<T> && !has_reference<T> && field_count<T> <= max_fields) {
      return has_plain_members<T>();
    }
  }
  return false;
}

template <class T>
constexpr void explain_members() {
  using All = std::make_index_sequence<field_count<T>>;
  constexpr bool unions = any_union<T>(All{});
  constexpr bool arrays = any_array<T>(All{});
  static_assert(!unions, "omnibus: a message has no union members, named or anonymous");
  static_assert(!arrays, "omnibus: a message has no C arrays; use std::array or std::vector");
  if constexpr (!unions && !arrays) {
    static_assert(is_addressable<T>(), "omnibus: a message has no bit-fields; use plain integers or bool");
  }
}

/// Fails to compile, with the reason, unless T is a plain aggregate.
template <class T>
constexpr bool check_aggregate() {
  if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T>) {
    static_assert(std::is_class_v<T> && std::is_aggregate_v<T>,
                  "omnibus: a message is a plain struct: no constructors, no private members, no virtuals");
  } else if constexpr (!requires { T{}; }) {
    static_assert(
        requires { T{}; },
        "omnibus: each member needs a default: is one a reference, or has no default constructor?");
  } else if constexpr (has_base<T> || has_reference<T> || field_count<T> > max_fields) {
    static_assert(!has_base<T>, "omnibus: a message has no base class, not even an empty one; nest it");
    static_assert(!has_reference<T>, "omnibus: a message has no reference members; hold the value");
    static_assert(field_count<T> <= max_fields, "omnibus: a message has at most 40 members; nest some");
  } else if constexpr (field_count<T> > 0) {
    explain_members<T>();
  }
  return is_plain_aggregate<T>();
}

}  // namespace omnibus::schema::detail
