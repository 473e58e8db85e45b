#include "services/s3/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <ctime>

#include <omnibus/error.hpp>

namespace omnibus::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256", service = "s3", end_of_scope = "aws4_request";

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hexadecimal(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 0xF];
  }
  return out;
}

std::string text_of(const Digest& digest, unsigned size) {
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// Bytes, not hexadecimal.
std::string hmac(std::string_view key, std::string_view text) {
  Digest out;
  unsigned size = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
             &size) == nullptr) {
    throw Error(ErrorCode::internal, "OpenSSL cannot compute an HMAC");
  }
  return text_of(out, size);
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string escaped(std::string_view text, std::string_view also_plain) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_plain(c) || also_plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 0xF]);
  }
  return out;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

std::string canonical(const Signed& request) {
  auto out = request.method + '\n' + request.path + '\n' + query_text(request.query) + '\n';
  for (const auto& [name, value] : request.headers) out.append(name).append(":").append(value).append("\n");
  return out + '\n' + names_of(request.headers) + '\n' + request.headers.at("x-amz-content-sha256");
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Digest out;
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, ::EVP_sha256(), nullptr) != 1) {
    throw Error(ErrorCode::internal, "OpenSSL cannot compute a SHA-256");
  }
  return hexadecimal(text_of(out, size));
}

std::string escaped_query(std::string_view text) { return escaped(text, ""); }

std::string escaped_path(std::string_view text) { return escaped(text, "/"); }

std::string query_text(const std::map<std::string, std::string>& query) {
  std::map<std::string, std::string> sorted;  // by the escaped names
  for (const auto& [name, value] : query) sorted[escaped_query(name)] = escaped_query(value);
  std::string out;
  for (const auto& [name, value] : sorted) {
    out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return out;
}

std::string timestamp(SystemTime now) {
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> out{};
  return {out.data(), std::strftime(out.data(), out.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

std::string authorization(const Signed& request, const Credentials& who, std::string_view region) {
  const auto& moment = request.headers.at("x-amz-date");
  const auto day = moment.substr(0, moment.find('T'));
  std::string scope = day;
  scope.append("/").append(region).append("/").append(service).append("/").append(end_of_scope);
  const auto text = std::string(algorithm) + '\n' + moment + '\n' + scope + '\n' + sha256(canonical(request));
  const auto key = hmac(hmac(hmac(hmac("AWS4" + who.secret_key, day), region), service), end_of_scope);
  return std::string(algorithm) + " Credential=" + who.access_key + '/' + scope +
         ",SignedHeaders=" + names_of(request.headers) + ",Signature=" + hexadecimal(hmac(key, text));
}

}  // namespace omnibus::s3
