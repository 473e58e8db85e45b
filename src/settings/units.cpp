#include <array>
#include <charconv>
#include <cmath>
#include <omnibus/settings.hpp>

namespace omnibus {

namespace {

struct Unit {
  std::string_view name;
  double scale;
};

constexpr std::array<Unit, 10> time_units = {{{"", 1e9},
                                              {"ns", 1},
                                              {"us", 1e3},
                                              {"ms", 1e6},
                                              {"s", 1e9},
                                              {"m", 60e9},
                                              {"min", 60e9},
                                              {"h", 3600e9},
                                              {"d", 86400e9},
                                              {"w", 604800e9}}};

constexpr double kibi = 1024.0;
constexpr std::array<Unit, 13> byte_units = {{{"", 1},
                                              {"b", 1},
                                              {"k", kibi},
                                              {"kib", kibi},
                                              {"kb", 1e3},
                                              {"m", kibi* kibi},
                                              {"mib", kibi* kibi},
                                              {"mb", 1e6},
                                              {"g", kibi* kibi* kibi},
                                              {"gib", kibi* kibi* kibi},
                                              {"gb", 1e9},
                                              {"tib", kibi* kibi* kibi* kibi},
                                              {"tb", 1e12}}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Takes a number and its unit off the front; empty when there is none.
template <std::size_t N>
std::optional<double> take(std::string_view& text, const std::array<Unit, N>& units, bool& bare) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::string unit;
  while (!text.empty() && is_letter(text.front())) {
    unit += static_cast<char>(text.front() | 0x20);
    text.remove_prefix(1);
  }
  bare = unit.empty();
  for (const auto& known : units) {
    if (known.name == unit) return number * known.scale;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  for (bool first = true; !text.empty(); first = false) {
    bool bare = false;
    const auto part = take(text, time_units, bare);
    if (!part || (bare && (!first || !text.empty()))) return std::nullopt;
    total += *part;
  }
  if (total >= 9.2e18) return std::nullopt;
  return Duration(std::llround(total));
}

std::optional<std::size_t> parse_size(std::string_view text) {
  bool bare = false;
  const auto value = take(text, byte_units, bare);
  if (!value || !text.empty() || *value >= 9.2e18 || *value != std::floor(*value)) return std::nullopt;
  return static_cast<std::size_t>(*value);
}

}  // namespace omnibus
