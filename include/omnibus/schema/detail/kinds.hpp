#pragma once

/// Which member types a message may have, and what each is on the wire. Containers are recognised by shape,
/// so that this needs no container header. Not for direct use.

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <omnibus/bytes.hpp>
#include <omnibus/raw.hpp>
#include <omnibus/schema/detail/aggregate.hpp>
#include <omnibus/schema/schema.hpp>

namespace omnibus::schema::detail {

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool> && !is_character<T> && sizeof(T) <= 8;
template <class T>
concept Floating = std::is_same_v<T, double> || std::is_same_v<T, float>;
template <class T>
concept Text = std::is_same_v<T, std::string>;
template <class T>
concept Enumeration = std::is_enum_v<T>;

/// std::optional.
template <class T>
concept Optional = requires(T& value) {
  typename T::value_type;
  requires std::is_same_v<T, std::optional<typename T::value_type>>;
};
/// std::unique_ptr and std::shared_ptr: how a recursive type holds itself.
template <class T>
concept Pointer = requires(T& value) {
  typename T::element_type;
  { *value } -> std::same_as<typename T::element_type&>;
  { value.get() } -> std::same_as<typename T::element_type*>;
  value.reset(new typename T::element_type());
};
/// std::vector, std::deque, std::list.
template <class T>
concept Sequence = !Text<T> && requires(T & value) {
  typename T::value_type;
  value.emplace_back();
  value.clear();
  value.begin();
  value.end();
};
/// std::array.
template <class T>
concept FixedArray = requires {
  typename T::value_type;
  std::tuple_size<T>::value;
  requires std::is_same_v<decltype(std::declval<T&>().data()), typename T::value_type*>;
};
/// std::map and std::unordered_map with text keys.
template <class T>
concept Dictionary = requires(T& value) {
  typename T::key_type;
  typename T::mapped_type;
  requires std::is_same_v<typename T::key_type, std::string>;
  value.try_emplace(std::string());
};
template <class T>
concept Structure = std::is_class_v<T> && std::is_aggregate_v<T> && !FixedArray<T> && !std::is_same_v<T, Raw>;

template <class T>
constexpr bool is_supported() {
  return std::is_same_v<T, bool> || std::is_same_v<T, Bytes> || Integer<T> || Floating<T> || Text<T> ||
         Enumeration<T> || Optional<T> || Pointer<T> || Sequence<T> || FixedArray<T> || Dictionary<T> ||
         Structure<T>;
}

/// What is wrong with T as a member, in a sentence of the compiler.
template <class T>
constexpr void explain_kind() {
  static_assert(!is_character<T>,
                "omnibus: a character is no message member; use std::string or std::int8_t");
  static_assert(!std::is_pointer_v<T> && !std::is_reference_v<T>,
                "omnibus: a raw pointer is no message member; use std::optional or std::unique_ptr");
  static_assert(is_character<T> || std::is_pointer_v<T> || std::is_reference_v<T> || is_supported<T>() ||
                    std::is_same_v<T, Raw>,
                "omnibus: this type is no message member: use text, numbers, bool, enums, omnibus::Bytes, "
                "std::optional, std::vector, std::array, std::map with std::string keys, or plain structs");
  if constexpr (Enumeration<T>) {
    static_assert(
        requires { T{0}; },
        "omnibus: an enumeration of a message is an `enum class`, or has a fixed type: enum E : int");
  }
}

template <class T>
constexpr Kind kind_of() {
  explain_kind<T>();
  if constexpr (std::is_same_v<T, Raw>) {
    return Kind::raw;
  } else if constexpr (std::is_same_v<T, bool>) {
    return Kind::boolean;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return Kind::bytes;
  } else if constexpr (Integer<T>) {
    return Kind::integer;
  } else if constexpr (Floating<T>) {
    return Kind::number;
  } else if constexpr (Text<T>) {
    return Kind::string;
  } else if constexpr (Enumeration<T>) {
    return Kind::enumeration;
  } else if constexpr (Optional<T> || Pointer<T>) {
    return Kind::optional;
  } else if constexpr (Dictionary<T>) {
    return Kind::dict;
  } else if constexpr (Sequence<T> || FixedArray<T>) {
    return Kind::list;
  } else {
    return Kind::structure;
  }
}

/// What an optional, pointer, list or dict holds.
template <class T>
struct ElementOf {};
template <class T>
requires Optional<T> || Sequence<T> || FixedArray<T>
struct ElementOf<T> {
  using type = typename T::value_type;
};
template <Pointer T>
struct ElementOf<T> {
  using type = typename T::element_type;
};
template <Dictionary T>
struct ElementOf<T> {
  using type = typename T::mapped_type;
};
template <class T>
using Element = typename ElementOf<T>::type;

}  // namespace omnibus::schema::detail
