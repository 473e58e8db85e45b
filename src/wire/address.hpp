#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omnibus::wire {

/// A host and a port.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  /// "host:port"; the host in brackets where it holds colons.
  std::string str() const;
  /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`. Errors: ConfigError naming the text.
  static Address parse(std::string_view text, std::uint16_t default_port);
  /// Reads several, separated by commas; none when the text is empty. Errors: ConfigError.
  static std::vector<Address> parse_list(std::string_view text, std::uint16_t default_port);

  // NOLINTNEXTLINE(modernize-use-nullptr): it mistakes the zero inside a default <=> for a pointer
  friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace omnibus::wire
