#pragma once

/// Enumerations as text: names found by scanning values. Not for direct use.

#include <omnibus/schema/detail/names.hpp>

namespace omnibus::schema::detail {

/// Without a fixed underlying type, most values would not be values of the enumeration at all.
template <class E>
concept FixedEnumeration = requires {
  E{0};
};

/// Values looked at: -16 to 127 (0 to 127 for unsigned ones).
template <class E>
inline constexpr int enum_first = std::is_signed_v<std::underlying_type_t<E>> ? -16 : 0;
inline constexpr int enum_last = 127;

/// The enumerator's name in "Color::red"; empty for "(Color)7", which has none.
constexpr std::string_view enumerator_name(std::string_view item) {
  std::size_t begin = item.size();
  while (begin > 0 && is_word(item[begin - 1])) --begin;
  const std::string_view word = item.substr(begin);
  return word.empty() || (word.front() >= '0' && word.front() <= '9') ? std::string_view() : word;
}

/// Calls found(index, name) for each named value in the compiler's text "… V = {A::x, (A)1, …}" or "<x, 1>".
template <class Found>
constexpr void scan_enumerators(std::string_view pretty, Found found) {
#if defined(__clang__)
  constexpr std::string_view mark = "V = <";
  constexpr char close = '>';
#else
  constexpr std::string_view mark = "V = {";
  constexpr char close = '}';
#endif
  std::size_t at = pretty.rfind(mark) + mark.size();
  int depth = 0;
  std::size_t begin = at;
  for (int index = 0; at < pretty.size(); ++at) {
    const char c = pretty[at];
    if (depth == 0 && (c == ',' || c == close)) {
      const std::string_view name = enumerator_name(pretty.substr(begin, at - begin));
      if (!name.empty()) found(index, name);
      ++index;
      if (c == close) return;
      begin = at + 2;
    } else if (c == '<' || c == '(' || c == '{') {
      ++depth;
    } else if (c == '>' || c == ')' || c == '}') {
      --depth;
    }
  }
}

template <class E, std::size_t... I>
constexpr std::string_view enumerator_text(std::index_sequence<I...>) {
  return pretty_enumerators<E, static_cast<E>(enum_first<E> + static_cast<int>(I))...>();
}
template <class E>
inline constexpr std::string_view enumerator_text_of =
    enumerator_text<E>(std::make_index_sequence<static_cast<std::size_t>(enum_last - enum_first<E> + 1)>{});

template <class E>
constexpr std::size_t count_enumerators() {
  std::size_t count = 0;
  scan_enumerators(enumerator_text_of<E>, [&](int, std::string_view) { ++count; });
  return count;
}

/// The named values of an enumeration, by rising value.
template <FixedEnumeration E>
struct Enumerators {
  static constexpr std::size_t count = count_enumerators<E>();
  static_assert(count > 0, "omnibus: this enumeration has no named value between -16 and 127");
  std::array<std::string_view, count> names{};
  std::array<E, count> values{};
  constexpr Enumerators() {
    std::size_t next = 0;
    scan_enumerators(enumerator_text_of<E>, [&](int index, std::string_view name) {
      names[next] = name;
      values[next++] = static_cast<E>(enum_first<E> + index);
    });
  }
};
template <class E>
inline constexpr Enumerators<E> enumerators{};

}  // namespace omnibus::schema::detail
