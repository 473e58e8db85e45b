#include "services/s3/bucket.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

#include "services/s3/answer.hpp"

namespace omnibus::s3 {
namespace {

constexpr std::size_t largest_answer = std::size_t{1} << 30;
constexpr int ok = 200, no_content = 204, not_found = 404, conflict = 409;
constexpr std::string_view usual_region = "us-east-1";

bool all_of(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

bool fits_a_header(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// What a client says in the header `Host`: no port where it is the scheme's own.
std::string host_of(std::string_view url) {
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://")) {
    throw ConfigError("the object store's URL is '" + std::string(url) + "'", "give http:// or https://");
  }
  auto host = url.substr(url.find("://") + 3);
  const std::string_view usual = tls ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) {
    throw ConfigError("the object store's URL is '" + std::string(url) + "'",
                      "give host and port only, as minio:9000");
  }
  return std::string(host);
}

Address checked_address(Address address) {
  while (address.url.ends_with('/')) address.url.pop_back();
  const auto& bucket = address.bucket;
  if (bucket.size() < 3 || bucket.size() > 63 || !all_of(bucket, "-.")) {
    throw ConfigError("the bucket's name is '" + bucket + "'",
                      "3 to 63 of lower-case letters, digits, '-' and '.'");
  }
  if (address.region.empty() || !all_of(address.region, "-")) {
    throw ConfigError("the object store's region is '" + address.region + "'", "give one as eu-west-1");
  }
  if (!fits_a_header(address.who.access_key) || !fits_a_header(address.who.secret_key)) {
    throw ConfigError("an object store's access key and secret key are both needed, without blanks");
  }
  return address;
}

/// False when it was cut short.
bool wait(Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

std::string object(std::string_view action, std::string_view key) {
  return std::string(action) + " object '" + std::string(key) + "'";
}

SystemTime now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

}  // namespace

struct Bucket::Call {
  std::string what;  ///< for errors: "put object 'k'"
  std::string method;
  std::string key = {};
  std::map<std::string, std::string> query = {};
  std::string body = {};
  int also_fine = 0;  ///< a status beside 200 and 204
};

struct Bucket::Answer {
  int status = 0;
  std::string body;
};

Bucket::Bucket(Address address, Patience patience)
    : address_(checked_address(std::move(address))),
      patience_(patience),
      host_(host_of(address_.url)),
      client_(address_.ca_file) {}

void Bucket::make() {
  // Not HEAD, whose refusals have no words.
  const Call find{.what = "find it",
                  .method = "GET",
                  .query = {{"list-type", "2"}, {"max-keys", "1"}},
                  .also_fine = not_found};
  if (send(find).status != not_found) return;
  std::string where;
  if (address_.region != usual_region) {
    where =
        R"(<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>)" +
        address_.region + "</LocationConstraint></CreateBucketConfiguration>";
  }
  const Call call{.what = "make it", .method = "PUT", .body = std::move(where), .also_fine = conflict};
  const auto made = send(call);
  if (made.status == conflict && element(made.body, "Code") != "BucketAlreadyOwnedByYou") refuse(call, made);
  log::write(log::Level::info, "made bucket '" + address_.bucket + "' at " + address_.url);
}

void Bucket::put(std::string_view key, std::string bytes) {
  (void)send(
      {.what = object("put", key), .method = "PUT", .key = std::string(key), .body = std::move(bytes)});
}

std::string Bucket::get(std::string_view key) {
  return send({.what = object("get", key), .method = "GET", .key = std::string(key)}).body;
}

void Bucket::remove(std::string_view key) {
  (void)send(
      {.what = object("remove", key), .method = "DELETE", .key = std::string(key), .also_fine = not_found});
}

std::set<std::string> Bucket::list(std::string_view prefix) {
  std::set<std::string> out;
  Call call{.what = "list its objects",
            .method = "GET",
            .query = {{"list-type", "2"}, {"prefix", std::string(prefix)}}};
  for (;;) {
    const auto page = send(call).body;
    out.merge(elements(page, "Key"));
    if (element(page, "IsTruncated") != "true") return out;
    call.query["continuation-token"] = element(page, "NextContinuationToken");
  }
}

Bucket::Answer Bucket::send(const Call& call) {
  auto backoff = patience_.backoff;
  for (int left = patience_.attempts - 1;; --left, backoff *= 2) {
    auto answer = attempt(call, left <= 0);
    if (answer && (left <= 0 || !may_pass(answer->status, answer->body))) {
      const bool fine = answer->status == ok || answer->status == no_content ||
                        (call.also_fine != 0 && answer->status == call.also_fine);
      if (!fine) refuse(call, *answer);
      return std::move(*answer);
    }
    if (!wait(backoff, leaving_.get_token())) throw ClosedError(place(call) + ": the service stops");
  }
}

std::optional<Bucket::Answer> Bucket::attempt(const Call& call, bool last) {
  try {
    return ask(call);
  } catch (const Error& error) {
    const bool away = error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout;
    if (away && !last) return std::nullopt;
    throw Error(error.code(), place(call) + ": " + error.message(), {.retryable = away});
  }
}

Bucket::Answer Bucket::ask(const Call& call) {
  const auto path = escaped_path('/' + address_.bucket + (call.key.empty() ? "" : '/' + call.key));
  const auto query = query_text(call.query);
  Signed request{
      .method = call.method,
      .path = path,
      .query = call.query,
      .headers = {
          {"host", host_}, {"x-amz-content-sha256", sha256(call.body)}, {"x-amz-date", timestamp(now())}}};
  http::Request sent{
      .url = address_.url + path + (query.empty() ? "" : '?' + query),
      .method = call.method,
      .headers = {"Authorization: " + authorization(request, address_.who, address_.region), "Content-Type:"},
      .body = call.body,
      .timeout = patience_.silence};
  for (const auto& [name, value] : request.headers)
    sent.headers.emplace_back(name).append(": ").append(value);
  Answer out;
  out.status = client_.send(sent,
                            [&](int, std::string_view bytes) {
                              if (out.body.size() + bytes.size() > largest_answer)
                                throw ProtocolError("the answer is too long");
                              out.body += bytes;
                            },
                            {});
  return out;
}

std::string Bucket::place(const Call& call) const {
  return "bucket '" + address_.bucket + "' at " + address_.url + ": cannot " + call.what;
}

void Bucket::refuse(const Call& call, const Answer& answer) const {
  failure_of(place(call), answer.status, answer.body).raise();
}

}  // namespace omnibus::s3
