#pragma once

#include <string_view>

#include <omnibus/driver.hpp>

namespace omnibus {

/// Splits `scheme://rest?key=value&…`; keys and values are percent-decoded, `rest` is left to the backend.
/// Errors: ConfigError naming the text (a password in it is masked) and the expected form.
driver::BackendConfig parse_url(std::string_view url);

/// The URL with user, password and secret parameters replaced by "***", for logs and errors.
std::string without_secrets(std::string_view url);

}  // namespace omnibus
