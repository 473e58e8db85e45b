#pragma once

#include <cstddef>

namespace omnibus::schema::detail {

/// Room that write_shortest needs; it may touch all of it.
inline constexpr std::size_t shortest_room = 48;

/// Writes a finite number as JSON: the fewest digits that read back equal, nearest to the value among those,
/// with
/// ".0" when nothing else tells it from an integer. Returns the end.
/// Source: R. Giulietti, "The Schubfach way to render doubles", 2020.
char* write_shortest(char* to, double value) noexcept;
char* write_shortest(char* to, float value) noexcept;

}  // namespace omnibus::schema::detail
