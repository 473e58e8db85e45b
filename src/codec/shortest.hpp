#pragma once

#include <cstddef>
#include <span>

namespace omnibus::schema::detail {

/// Room that write_shortest needs; it may touch all of it.
inline constexpr std::size_t shortest_room = 48;

/// Writes a finite number as JSON: the fewest digits that read back equal, nearest to the value among those,
/// with
/// ".0" when nothing else tells it from an integer. Returns the end.
/// Source: R. Giulietti, "The Schubfach way to render doubles", 2020.
char* write_shortest(char* to, double value) noexcept;
char* write_shortest(char* to, float value) noexcept;

/// The most that write_shortest writes, and a comma.
inline constexpr std::size_t shortest_item = 26;
/// Writes each number and a comma behind it, and stops at the first that is not finite. Returns how many it
/// wrote. Needs shortest_item of room for each, and shortest_room.
std::size_t write_shortest_list(char*& to, std::span<const double> list) noexcept;

}  // namespace omnibus::schema::detail
