#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/chunker/split.hpp"
#include "services/tokens/encoding.hpp"

namespace omnibus::chunker {

/// The chunks of `text`, in order: `limits.size` tokens each, the last perhaps fewer, each beginning with the
/// last `limits.overlap` tokens of the one before. Equal to TokenTextSplitter of langchain-text-splitters
/// 0.3.11: nothing is stripped, and a character that a chunk's border cuts shows as U+FFFD on each side.
/// Bytes that are not UTF-8 become U+FFFD first. Threads: pure function.
std::vector<std::string> split_tokens(std::string_view text, const Limits& limits,
                                      const tokens::Encoding& encoding);

}  // namespace omnibus::chunker
