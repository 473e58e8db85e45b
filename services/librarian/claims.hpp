#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace omnibus::librarian {

/// Lets requests about one thing happen one after the other, and all others at once. Threads: any.
class Claims {
 public:
  /// Held until its end. Does not outlive its Claims.
  class Claim {
   public:
    Claim(Claims& claims, std::string key) : claims_(claims), key_(std::move(key)) {
      std::unique_lock lock(claims_.mutex_);
      claims_.released_.wait(lock, [&] { return claims_.held_.insert(key_).second; });
    }
    ~Claim() {
      {
        const std::scoped_lock lock(claims_.mutex_);
        claims_.held_.erase(key_);
      }
      claims_.released_.notify_all();
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    Claims& claims_;
    const std::string key_;
  };

  /// Waits until nobody else holds the document.
  Claim document(std::string_view user, std::string_view id) { return {*this, key('d', user, id)}; }
  /// Waits until nobody else holds the processing.
  Claim processing(std::string_view user, std::string_view id) { return {*this, key('p', user, id)}; }

 private:
  static std::string key(char kind, std::string_view user, std::string_view id) {
    std::string out(1, kind);
    return out.append(std::to_string(user.size())).append(1, ' ').append(user).append(id);
  }

  std::mutex mutex_;  // guards held_
  std::condition_variable released_;
  std::set<std::string> held_;
};

}  // namespace omnibus::librarian
