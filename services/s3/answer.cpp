#include "services/s3/answer.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace omnibus::s3 {
namespace {

constexpr std::size_t longest_reason = 500;

/// Takes the first element off `xml`; its text.
std::optional<std::string_view> take(std::string_view& xml, std::string_view name) {
  const auto opening = '<' + std::string(name) + '>', closing = "</" + std::string(name) + '>';
  const auto begin = xml.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto end = xml.find(closing, begin);
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = xml.substr(begin + opening.size(), end - begin - opening.size());
  xml.remove_prefix(end + closing.size());
  return text;
}

std::string without_entities(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string out;
  while (!text.empty()) {
    const auto* const entity = std::find_if(entities.begin(), entities.end(),
                                            [&](const auto& each) { return text.starts_with(each.first); });
    out += entity == entities.end() ? text.front() : entity->second;
    text.remove_prefix(entity == entities.end() ? 1 : entity->first.size());
  }
  return out;
}

std::string printable(std::string_view bytes) {
  std::string out(bytes.substr(0, longest_reason));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

ErrorCode code_of(int status, std::string_view native) {
  constexpr std::array<std::string_view, 5> of_the_keys{"InvalidAccessKeyId", "SignatureDoesNotMatch",
                                                        "RequestTimeTooSkewed", "ExpiredToken",
                                                        "AuthorizationHeaderMalformed"};
  constexpr std::array<std::string_view, 3> of_the_space{"XMinioStorageFull", "QuotaExceeded",
                                                         "InsufficientCapacity"};
  if (std::find(of_the_keys.begin(), of_the_keys.end(), native) != of_the_keys.end()) {
    return ErrorCode::authentication;
  }
  const bool full = std::find(of_the_space.begin(), of_the_space.end(), native) != of_the_space.end();
  if (full || status == 507) return ErrorCode::no_space;
  if (status == 401) return ErrorCode::authentication;
  if (status == 403) return ErrorCode::forbidden;
  if (status == 404) return ErrorCode::not_found;
  return status >= 500 || status == 429 ? ErrorCode::unavailable : ErrorCode::protocol;
}

std::string hint_of(ErrorCode code, std::string_view native) {
  if (native == "RequestTimeTooSkewed") return "set the clock of this machine or of the store";
  if (native == "AuthorizationHeaderMalformed") return "check the region";
  if (code == ErrorCode::authentication) return "check access key and secret key";
  if (code == ErrorCode::forbidden) return "the access key needs the right to do this";
  if (native == "NoSuchBucket") return "the bucket was removed; the next start makes it";
  return {};
}

}  // namespace

std::string element(std::string_view xml, std::string_view name) {
  return without_entities(take(xml, name).value_or(""));
}

std::set<std::string> elements(std::string_view xml, std::string_view name) {
  std::set<std::string> out;
  while (const auto text = take(xml, name)) out.insert(without_entities(*text));
  return out;
}

bool may_pass(int status, std::string_view body) {
  if (status == 429 || status == 500 || status == 502 || status == 503 || status == 504) return true;
  const auto native = element(body, "Code");
  return native == "RequestTimeout" || native == "OperationAborted";
}

Error failure_of(const std::string& what, int status, std::string_view body) {
  const auto native = element(body, "Code"), said = element(body, "Message");
  const auto code = code_of(status, native);
  auto reason = "status " + std::to_string(status);
  if (!native.empty()) reason += ", " + printable(native);
  if (!said.empty()) reason += ": " + printable(said);
  return {code,
          what + ": " + reason,
          {.retryable = code == ErrorCode::unavailable || may_pass(status, body),
           .native = printable(native),
           .hint = hint_of(code, native)}};
}

}  // namespace omnibus::s3
