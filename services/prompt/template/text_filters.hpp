#pragma once

#include "services/prompt/template/filters.hpp"

namespace omnibus::prompt {

/// The filters on text; null when there is no such filter. Threads: pure.
Filter find_text_filter(std::string_view name);

/// A method of text: upper, lower, title, strip, split, replace, join, startswith, endswith. Errors:
/// ConfigError when it has no such method, or an argument does not fit.
Value call_on_text(std::string_view text, std::string_view name, const Arguments& arguments);

}  // namespace omnibus::prompt
