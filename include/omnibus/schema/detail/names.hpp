#pragma once

/// The names of types, members and enumerators, read from the compiler's own text. Not for direct use.

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <omnibus/schema/detail/bind.hpp>

namespace omnibus::schema::detail {

/// Room for a T that is never constructed: only addresses of its members are taken. A union slot rather than
/// an extern object, because types of functions and unnamed namespaces have no linkage.
template <class T>
union Slot {
  constexpr Slot() noexcept : none{} {}
#if defined(__clang__)
  ~Slot() {}  // NOLINT(modernize-use-equals-default): defaulted it is deleted when T has a destructor
#else
  constexpr ~Slot() {}
#endif
  char none;
  T value;
};

#if defined(__clang__)
template <class T>
[[clang::no_destroy]] inline Slot<T> slot{};
#else
template <class T>
inline constexpr Slot<T> slot{};
#endif

/// A pointer as template argument, wrapped because clang 14 rejects a bare pointer to a member of an object.
template <class P>
struct Address {
  P pointer;
};
template <class P>
Address(P) -> Address<P>;

template <auto Pointer>
constexpr std::string_view pretty_address() {
  return {__PRETTY_FUNCTION__, sizeof(__PRETTY_FUNCTION__) - 1};
}
template <class T>
constexpr std::string_view pretty_type() {
  return {__PRETTY_FUNCTION__, sizeof(__PRETTY_FUNCTION__) - 1};
}
template <class E, E... V>
constexpr std::string_view pretty_enumerators() {
  return {__PRETTY_FUNCTION__, sizeof(__PRETTY_FUNCTION__) - 1};
}

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// The last identifier before the closing brace of "{(& slot<T>.…::name)}" (GCC) or "{&slot.value.name}". One
/// trailing underscore is not part of it, so that a member can carry a keyword's name: `delete_`.
constexpr std::string_view member_name(std::string_view pretty) {
  std::size_t end = pretty.rfind('}');
  while (end > 0 && !is_word(pretty[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_word(pretty[begin - 1])) --begin;
  if (end - begin > 1 && pretty[end - 1] == '_') --end;
  return pretty.substr(begin, end - begin);
}

/// What stands behind "T = ", without its namespaces; template arguments stay.
constexpr std::string_view unqualified_type(std::string_view pretty) {
  constexpr std::string_view mark = "T = ";
  std::string_view name = pretty.substr(pretty.find(mark) + mark.size());
  std::size_t end = 0;
  std::size_t begin = 0;
  for (int depth = 0; end < name.size(); ++end) {
    const char c = name[end];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (depth == 0 && (c == ';' || c == ']')) break;
    if (c == '>' || c == ')' || c == '}') --depth;
    if (depth == 0 && c == ':') begin = end + 1;
  }
  return name.substr(begin, end - begin);
}

/// Copies into static storage, so that the compiler's long text need not stay in the program.
template <std::size_t Size>
struct StaticText {
  std::array<char, Size + 1> data{};
  constexpr explicit StaticText(std::string_view text) {
    for (std::size_t i = 0; i < Size; ++i) data[i] = text[i];
  }
  constexpr std::string_view view() const { return {data.data(), Size}; }
};

template <class T>
constexpr auto type_text() {
  constexpr std::string_view name = unqualified_type(pretty_type<T>());
  return StaticText<name.size()>(name);
}
template <class T>
inline constexpr auto type_storage = type_text<T>();
/// The type's own name, for example "TextDocument" or "Box<int>".
template <class T>
inline constexpr std::string_view type_name = type_storage<T>.view();

template <auto Pointer>
constexpr auto member_text() {
  constexpr std::string_view name = member_name(pretty_address<Pointer>());
  return StaticText<name.size()>(name);
}
template <auto Pointer>
inline constexpr auto member_storage = member_text<Pointer>();

template <std::size_t I, class P>
struct Leaf {
  P pointer;
};
template <class Indices, class... P>
struct Leaves;
template <std::size_t... I, class... P>
struct Leaves<std::index_sequence<I...>, P...> : Leaf<I, P>... {};
template <std::size_t I, class P>
constexpr P leaf_at(const Leaf<I, P>& leaf) {
  return leaf.pointer;
}

/// Pointers to the members of one value.
template <class T>
constexpr auto member_pointers(T& value) {
  return bind(value, [](auto&... member) {
    return Leaves<std::make_index_sequence<sizeof...(member)>, decltype(&member)...>{{&member}...};
  });
}
template <class T>
inline constexpr auto member_pointers_of = member_pointers(slot<T>.value);

template <class T, std::size_t... I>
constexpr auto names_of_members(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{
      member_storage<Address{leaf_at<I>(member_pointers_of<T>)}>.view()...};
}
/// The members' names, in declaration order.
template <class T>
inline constexpr auto field_names = names_of_members<T>(std::make_index_sequence<field_count<T>>{});

}  // namespace omnibus::schema::detail
