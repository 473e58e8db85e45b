#pragma once

/// Signature version 4, with which requests to S3 and its likes show who asks. Threads: pure functions.

#include <map>
#include <string>
#include <string_view>

#include <omnibus/time.hpp>

namespace omnibus::s3 {

struct Credentials {
  std::string access_key;
  std::string secret_key;  ///< never sent, never shown
};

/// What of a request is signed.
struct Signed {
  std::string method;                             ///< "GET"
  std::string path;                               ///< as it is sent, escaped: "/bucket/a%20key"
  std::map<std::string, std::string> query = {};  ///< unescaped
  /// Small names; `host`, `x-amz-date` and `x-amz-content-sha256` must be there.
  std::map<std::string, std::string> headers = {};
};

/// Lower-case hexadecimal SHA-256.
std::string sha256(std::string_view bytes);

/// `text` as it stands in a URL: every byte but letters, digits and `-._~` becomes `%XX`. In a path '/'
/// stays.
std::string escaped_query(std::string_view text);
std::string escaped_path(std::string_view text);

/// The query of a URL, escaped, in the order in which it is signed; without '?'.
std::string query_text(const std::map<std::string, std::string>& query);

/// The value of header `x-amz-date`: "20130524T000000Z".
std::string timestamp(SystemTime now);

/// The value of header `Authorization`.
std::string authorization(const Signed& request, const Credentials& who, std::string_view region);

}  // namespace omnibus::s3
