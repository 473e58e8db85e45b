#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace omnibus::tokens {

/// The tokens of a byte-pair encoding with their ranks. Threads: any, once made.
class Vocabulary {
 public:
  /// Reads lines of base64, blank, rank, as tiktoken's files have them. `name` stands in errors.
  /// Errors: ConfigError naming the line that is none or repeats a token or rank, or the byte that has no
  /// token.
  Vocabulary(std::istream& lines, const std::string& name);
  /// Errors: as above; ConfigError when the file cannot be read.
  static Vocabulary load(const std::string& path);

  /// Empty when the bytes are no token.
  std::optional<std::uint32_t> rank(std::string_view bytes) const;
  std::size_t size() const noexcept { return ranks_.size(); }

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard library looks for it
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ranks_;
  std::size_t longest_ = 0;  // bytes of a token
};

}  // namespace omnibus::tokens
