#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/http/tests/server.hpp"
#include "services/s3/signature.hpp"

namespace omnibus::s3 {

/// Buckets and objects in memory behind a real HTTP server, which refuses what is not signed with its keys,
/// or is another request than the one that was signed. Lists two keys a page. Threads: any.
class ObjectServer {
 public:
  using Bytes = std::string;
  using Objects = std::map<std::string, Bytes>;

  explicit ObjectServer(http::Server::Kind kind = http::Server::Kind::plain, Credentials who = keys())
      : state_(std::make_shared<State>(std::move(who))),
        server_([state = state_](
                    const http::Server::Request& request) { return std::vector{state->answer(request)}; },
                kind) {}

  static Credentials keys() { return {.access_key = "someone", .secret_key = "a/secret+key"}; }

  std::string url() const { return server_.url().substr(0, server_.url().rfind("/v1")); }
  std::string ca_file() const { return server_.ca_file(); }
  std::size_t asked() const { return server_.seen().size(); }

  bool has_bucket(const std::string& name) const {
    const std::scoped_lock lock(state_->mutex);
    return state_->buckets.contains(name);
  }
  Objects objects(const std::string& bucket) const {
    const std::scoped_lock lock(state_->mutex);
    return state_->buckets.at(bucket);
  }
  /// The next so many requests get this answer.
  void fail_next(int times, const std::string& status, const std::string& body = "") {
    const std::scoped_lock lock(state_->mutex);
    state_->failures = times;
    state_->failure = http::answer(status, body);
  }

 private:
  struct State {
    explicit State(Credentials keys) : who(std::move(keys)) {}

    std::string answer(const http::Server::Request& request) {
      const std::scoped_lock lock(mutex);
      if (failures > 0) {
        --failures;
        return failure;
      }
      const auto question = request.target.find('?');
      const auto path = request.target.substr(0, question);
      const auto query = question == std::string::npos ? std::string() : request.target.substr(question + 1);
      if (!is_signed(request, path, query)) return refusal("403 Forbidden", "SignatureDoesNotMatch");
      const auto slash = path.find('/', 1);
      const auto bucket = path.substr(1, slash == std::string::npos ? slash : slash - 1);
      if (slash == std::string::npos) return of_bucket(request, bucket, query);
      if (!buckets.contains(bucket)) return refusal("404 Not Found", "NoSuchBucket");
      return of_object(request, buckets[bucket], path.substr(slash + 1));
    }

    /// Whether it is signed, and says so of what came.
    bool is_signed(const http::Server::Request& request, const std::string& path,
                   const std::string& query) const {
      Signed said{.method = request.method, .path = path};
      for (const auto* name : {"host", "x-amz-date", "x-amz-content-sha256"}) {
        if (!request.headers.contains(name)) return false;
        said.headers[name] = request.headers.at(name);
      }
      for (std::size_t at = 0; at < query.size();) {
        const auto end = std::min(query.find('&', at), query.size());
        const auto pair = query.substr(at, end - at);
        said.query[unescaped(pair.substr(0, pair.find('=')))] = unescaped(pair.substr(pair.find('=') + 1));
        at = end + 1;
      }
      return said.headers.at("x-amz-content-sha256") == sha256(request.body) &&
             request.authorization == authorization(said, who, "us-east-1");
    }

    std::string of_bucket(const http::Server::Request& request, const std::string& name,
                          const std::string& query) {
      const bool there = buckets.contains(name);
      if (request.method == "PUT") {
        if (there) return refusal("409 Conflict", "BucketAlreadyOwnedByYou");
        buckets[name];
        return http::answer("200 OK", "");
      }
      if (!there) return refusal("404 Not Found", "NoSuchBucket");
      return http::answer("200 OK", page(buckets[name], query));
    }

    static std::string page(const Objects& objects, const std::string& query) {
      const auto parameter = [&](const std::string& name) {
        const auto at = ("&" + query).find("&" + name + "=");
        if (at == std::string::npos) return std::string();
        const auto begin = at + name.size() + 1;
        return unescaped(query.substr(begin, query.find('&', begin) - begin));
      };
      const auto prefix = parameter("prefix"), after = parameter("continuation-token");
      std::string out = "<ListBucketResult>";
      int left = 2;
      for (auto at = objects.upper_bound(after); at != objects.end(); ++at) {
        if (!at->first.starts_with(prefix)) continue;
        if (left-- == 0) {
          out.append("<IsTruncated>true</IsTruncated><NextContinuationToken>").append(std::prev(at)->first);
          return out.append("</NextContinuationToken></ListBucketResult>");
        }
        out.append("<Contents><Key>").append(at->first).append("</Key><Size>1</Size></Contents>");
      }
      return out + "<IsTruncated>false</IsTruncated></ListBucketResult>";
    }

    static std::string of_object(const http::Server::Request& request, Objects& objects,
                                 const std::string& key) {
      if (request.method == "PUT") {
        objects[key] = request.body;
        return http::answer("200 OK", "");
      }
      if (request.method == "DELETE") {
        objects.erase(key);
        return "HTTP/1.1 204 No Content\r\n\r\n";
      }
      const auto found = objects.find(key);
      return found == objects.end() ? refusal("404 Not Found", "NoSuchKey")
                                    : http::answer("200 OK", found->second);
    }

    static std::string refusal(const std::string& status, const std::string& code) {
      const auto body =
          "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>no &amp; no</Message></Error>";
      return http::answer(status, body);
    }
    static std::string unescaped(const std::string& text) {
      std::string out;
      for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%';
        out += escape ? static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)) : text[i];
        if (escape) i += 2;
      }
      return out;
    }

    const Credentials who;
    mutable std::mutex mutex;  // guards what follows
    std::map<std::string, Objects> buckets;
    int failures = 0;
    std::string failure;
  };

  const std::shared_ptr<State> state_;
  http::Server server_;
};

}  // namespace omnibus::s3
