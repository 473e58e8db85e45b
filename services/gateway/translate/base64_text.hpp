#pragma once

#include <string>
#include <string_view>

namespace omnibus::gateway {

/// Holds nothing but characters of base64, and line ends.
bool may_be_base64(std::string_view text);

/// The bytes of base64 text, in which white space counts for nothing. `path` names the text in errors.
/// Errors: TranslationError, for a wrong length in the words that existing clients know.
std::string from_base64(std::string text, const std::string& path);

/// The text without white space, when it is base64. Errors: as from_base64.
std::string normal_base64(std::string text, const std::string& path);

}  // namespace omnibus::gateway
