#pragma once

/// Cutting template text where quoted parts stay whole. Threads: pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace omnibus::prompt {

/// At every `delimiter` outside quotes; the pieces trimmed.
std::vector<std::string> split_at(std::string_view text, char delimiter);

/// At every `word` between blanks and at every `sign`, outside quotes.
std::vector<std::string> split_at(std::string_view text, std::string_view word, std::string_view sign);

/// The three parts of `a ?? b :: c`; empty when the text is not of that form.
std::vector<std::string> split_choice(std::string_view text);

}  // namespace omnibus::prompt
