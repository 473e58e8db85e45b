#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace omnibus::text_completion {

/// Reads server-sent events. Limits: 16 MiB for an event. Threads: like a container.
/// Source: WHATWG HTML, section "Server-sent events".
class EventStream {
 public:
  /// Takes the data of one event.
  using Event = std::function<void(std::string_view data)>;

  /// Takes more bytes and calls `event` for each event that they complete. Errors: ProtocolError; what
  /// `event` throws.
  void take(std::string_view bytes, const Event& event);
  /// The stream is over: an event without an empty line behind it counts too.
  void finish(const Event& event);

 private:
  void line(std::string_view text, const Event& event);

  std::string buffer_;  // of the line that is not complete
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;  // the last byte was \r, a \n belongs to it
};

}  // namespace omnibus::text_completion
