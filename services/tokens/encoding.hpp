#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/tokens/vocabulary.hpp"

namespace omnibus::tokens {

/// A token at its place in the text.
struct Token {
  std::uint32_t rank;
  std::size_t end;  ///< the byte after it; it begins where the one before ends
};

/// The byte-pair encoding cl100k_base, over any vocabulary. Special tokens are ordinary text.
/// Source: tiktoken 0.14. Threads: any.
class Encoding {
 public:
  explicit Encoding(Vocabulary vocabulary);
  ~Encoding();
  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;

  /// The tokens of `text`, which is UTF-8. Cost: n log n in the longest word, linear in the rest.
  /// Errors: Error{decode} when it is not UTF-8.
  std::vector<Token> encode(std::string_view text) const;

 private:
  struct Pattern;
  const Vocabulary vocabulary_;
  const std::unique_ptr<const Pattern> pattern_;
};

/// Merges the bytes of one word: of all neighbours that make a token those of the lowest rank first, the
/// leftmost of equal ones. Appends tokens whose ends are counted from `begin`.
void merge(std::string_view word, std::size_t begin, const Vocabulary& vocabulary, std::vector<Token>& out);

}  // namespace omnibus::tokens
