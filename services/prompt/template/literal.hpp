#pragma once

#include <string_view>

#include "services/prompt/template/value.hpp"

namespace omnibus::prompt {

/// A Python literal: numbers, quoted text, True, False, None, lists, dicts, tuples with and without brackets
/// (read as lists). Empty when the text is none. Threads: pure.
Value parse_literal(std::string_view text);

}  // namespace omnibus::prompt
