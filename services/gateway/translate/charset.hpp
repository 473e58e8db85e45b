#pragma once

#include <string>
#include <string_view>

namespace omnibus::gateway {

/// `bytes`, text in `charset`, as UTF-8. Errors: TranslationError for an unknown charset or bytes that are
/// none of its text.
std::string to_utf8(std::string bytes, const std::string& charset);

}  // namespace omnibus::gateway
