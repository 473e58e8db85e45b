#pragma once

/// Splits text recursively at blank lines, newlines, spaces and, where nothing else helps, anywhere.
/// Threads: pure functions.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omnibus::chunker {

/// How large chunks are. Units: code points, or tokens where a splitter counts in them.
struct Limits {
  std::size_t size = 2000;    ///< most of one chunk
  std::size_t overlap = 100;  ///< most that a chunk repeats of the one before
};

/// Throws ConfigError when the size is zero or the overlap is not below it.
void validate(const Limits& limits);

/// The chunks of `text`, in order, without white space at their ends; none for text of white space only.
/// Equal to the default recursive splitter of langchain-text-splitters 0.3.11 (separators blank line,
/// newline, space, none; kept at the start of what follows). Bytes that are not UTF-8 count as one each.
/// Cost: linear in the text; memory beyond the result is one chunk.
std::vector<std::string> split_recursive(std::string_view text, const Limits& limits);

/// Code points in `text`, the unit of Limits.
std::size_t length(std::string_view text) noexcept;

}  // namespace omnibus::chunker
