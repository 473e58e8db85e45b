#pragma once

#include <string>
#include <string_view>

namespace omnibus::tokens {

/// `bytes` as UTF-8; what is none becomes U+FFFD, one for each longest beginning of a sequence and for each
/// other byte, as Python's `decode("utf-8", "replace")` does. Source: Unicode 15, section 3.9, U+FFFD
/// substitution of maximal subparts. Threads: pure function.
std::string with_replacements(std::string_view bytes);

}  // namespace omnibus::tokens
