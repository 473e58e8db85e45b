#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace omnibus::librarian {

/// The content of documents, named by ids that it chooses. One is whole or not there. Threads: any; sweep()
/// alone.
class Contents {
 public:
  Contents() = default;
  virtual ~Contents() = default;
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;

  /// Keeps what base64 text holds, white space ignored; durable when it returns the new id.
  /// Errors: Error{decode} when the text is something else; nothing is left then.
  virtual std::string add(std::string_view base64_text) const = 0;

  /// Errors: Error{not_found}.
  virtual std::string read(const std::string& id) const = 0;
  /// The same as base64 text.
  virtual std::string read_base64(const std::string& id) const = 0;

  /// One that is not there is fine.
  virtual void remove(const std::string& id) const = 0;

  /// Removes all that `known` does not name: what a crash left. Returns how many.
  virtual std::size_t sweep(const std::set<std::string>& known) const = 0;

  /// Calls that wait for a store that is away give up: ClosedError. For a stop.
  virtual void leave() noexcept {}
};

/// Gives `sink` what base64 text holds, white space ignored, in pieces of at most 48 KiB.
/// Errors: Error{decode}; what `sink` throws. Threads: pure.
void decode_base64(std::string_view text, const std::function<void(std::string_view bytes)>& sink);

}  // namespace omnibus::librarian
