#pragma once

#include <string>

namespace omnibus::text_completion {

/// An event's data that says `text`.
inline std::string piece(const std::string& text) {
  return R"({"choices": [{"index": 0, "delta": {"content": ")" + text + R"("}, "finish_reason": null}]})";
}

}  // namespace omnibus::text_completion
