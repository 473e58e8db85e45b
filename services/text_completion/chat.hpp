#pragma once

/// The chat completions protocol of OpenAI, which many servers speak. Threads: pure functions, and a reader
/// like a container.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "services/text_completion/event_stream.hpp"

namespace omnibus::text_completion {

/// One question to a model.
struct Question {
  std::string model;
  boost::json::value temperature;  ///< a number
  std::int64_t max_output = 4096;
  std::string text;
  bool streaming = false;
};

/// The request's body.
std::string body_of(const Question& question);

/// What a model said at once.
struct Completion {
  std::optional<std::string> text = std::nullopt;
  std::optional<std::int64_t> in_token = std::nullopt, out_token = std::nullopt;
};

/// Reads the body of an answer. Errors: ProtocolError when it is none.
Completion completion_of(std::string_view body);

/// Reads a streamed answer.
class PieceReader {
 public:
  /// Takes what the model said next; never empty.
  using Piece = std::function<void(std::string text)>;

  /// Errors: ProtocolError when an event is none of this protocol; Error{unavailable} with the server's words
  /// when it tells of a failure; what `piece` throws.
  void take(std::string_view bytes, const Piece& piece);
  /// The server has ended the stream. Errors: as take; ProtocolError when the answer is not complete.
  void finish(const Piece& piece);

 private:
  void event(std::string_view data, const Piece& piece);

  EventStream events_;
  bool complete_ = false;
};

}  // namespace omnibus::text_completion
