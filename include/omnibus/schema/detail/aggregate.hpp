#pragma once

/// Counts the members of a plain aggregate and recognises what reflection cannot handle. Not for direct use.

#include <cstddef>
#include <type_traits>
#include <utility>

namespace omnibus::schema::detail {

inline constexpr std::size_t max_fields = 40;

/// Converts to whatever a member wants. Plain, not constexpr: a constexpr one makes compilers warn.
struct AnyValue {
  template <class U>
  operator U() const;  // NOLINT(google-explicit-constructor): it stands for any initialiser
};
struct AnyReference {
  template <class U>
  operator U&() const;  // NOLINT(google-explicit-constructor): as above
};
struct AnyUnion {
  template <class U>
  requires std::is_union_v<U>
  operator U() const;  // NOLINT(google-explicit-constructor): as above
};
template <class Derived>
struct AnyBase {
  template <class U>
  requires(std::is_base_of_v<U, Derived> && !std::is_same_v<U, Derived>) operator U()
      const;  // NOLINT(google-explicit-constructor): as above
};
/// Converts to nothing: only a greedy type such as std::any takes it.
struct Foreign {};

template <std::size_t>
using AnyAt = AnyValue;

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{AnyAt<I>{}...}; };
}
/// True when T can be initialised with `count` values.
template <class T, std::size_t Count>
inline constexpr bool takes_values = takes<T>(std::make_index_sequence<Count>{});

template <class T, class Probe, std::size_t... Before, std::size_t... After>
constexpr bool takes_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{AnyAt<Before>{}..., Probe{}, AnyAt<After>{}...}; };
}
template <class T, std::size_t... Before, std::size_t... After>
constexpr bool takes_default_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{AnyAt<Before>{}..., {}, AnyAt<After>{}...}; };
}

template <class T, std::size_t Low, std::size_t High>
constexpr std::size_t count_between() {
  if constexpr (Low == High) {
    return Low;
  } else {
    constexpr std::size_t middle = (Low + High + 1) / 2;
    if constexpr (takes_values<T, middle>) {
      return count_between<T, middle, High>();
    } else {
      return count_between<T, Low, middle - 1>();
    }
  }
}

/// How many values T can be initialised with; for an allowed aggregate, its number of members.
template <class T>
inline constexpr std::size_t field_count = count_between<T, 0, max_fields + 1>();

template <class T>
inline constexpr bool has_base = takes_at<T, AnyBase<T>>(std::index_sequence<>{}, std::index_sequence<>{}) &&
                                 !takes_at<T, Foreign>(std::index_sequence<>{}, std::index_sequence<>{});

template <class T, std::size_t I>
constexpr bool has_array_at() {
  return !takes_default_at<T>(std::make_index_sequence<I>{},
                              std::make_index_sequence<field_count<T> - 1 - I>{});
}
template <class T, std::size_t I>
constexpr bool has_union_at() {
  using Before = std::make_index_sequence<I>;
  using After = std::index_sequence<>;
  return takes_at<T, AnyUnion>(Before{}, After{}) && !takes_at<T, Foreign>(Before{}, After{});
}
template <class T>
inline constexpr bool has_reference = takes_at<T, AnyReference>(std::make_index_sequence<field_count<T>>{},
                                                                std::index_sequence<>{});

template <class T, std::size_t... I>
constexpr bool any_array(std::index_sequence<I...>) {
  return (has_array_at<T, I>() || ...);
}
template <class T, std::size_t... I>
constexpr bool any_union(std::index_sequence<I...>) {
  return (has_union_at<T, I>() || ...);
}

}  // namespace omnibus::schema::detail
