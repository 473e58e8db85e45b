#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omnibus::app {

/// `text` as it is but in one line, when it is one JSON value (RFC 8259, strictly); empty otherwise.
std::optional<std::string> json_in_one_line(std::string_view text);

}  // namespace omnibus::app
