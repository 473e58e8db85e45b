#include "services/text_completion/chat.hpp"

#include <boost/json/object.hpp>

#include "services/json/python_text.hpp"

namespace omnibus::text_completion {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t longest_reason = 2000;

/// The member of an object; null when there is none.
const value* member(const value* whole, std::string_view key) {
  const auto* inside = whole != nullptr ? whole->if_object() : nullptr;
  return inside != nullptr ? inside->if_contains(key) : nullptr;
}

std::optional<std::string> text_in(const value* item) {
  if (item == nullptr || !item->is_string()) return std::nullopt;
  return std::string(item->get_string());
}

std::optional<std::int64_t> count_in(const value* item) {
  if (item == nullptr || !item->is_int64()) return std::nullopt;
  return item->get_int64();
}

/// Whatever bytes a server sends, as text that a message can carry.
std::string printable(std::string_view bytes) {
  std::string out(bytes);
  for (auto& c : out) {
    if (c != '\n' && (c < ' ' || c > '~')) c = '?';
  }
  return out;
}

value parsed(std::string_view text) {
  try {
    return json::parse(text, "the model's answer");
  } catch (const Error& error) {
    throw ProtocolError(error.message());
  }
}

/// The first of `choices`; null when the list is empty.
const value* first_choice(const value& answer) {
  const auto* choices = member(&answer, "choices");
  if (choices == nullptr || !choices->is_array()) throw ProtocolError("the model's answer has no choices");
  return choices->get_array().empty() ? nullptr : &choices->get_array().front();
}

}  // namespace

std::string body_of(const Question& question) {
  const value content = array{object{{"type", "text"}, {"text", question.text}}};
  object out{{"model", question.model},
             {"messages", array{object{{"role", "user"}, {"content", content}}}},
             {"temperature", question.temperature},
             {"max_tokens", question.max_output}};
  if (question.streaming) out.emplace("stream", true);
  return json::dump(out);
}

Completion completion_of(std::string_view body) {
  const auto answer = parsed(body);
  const auto* message = member(first_choice(answer), "message");
  if (message == nullptr) throw ProtocolError("the model's answer has no message");
  const auto* usage = member(&answer, "usage");
  return {.text = text_in(member(message, "content")),
          .in_token = count_in(member(usage, "prompt_tokens")),
          .out_token = count_in(member(usage, "completion_tokens"))};
}

Error failure_of(int status, std::string_view body) {
  std::string reason;
  try {
    reason = json::python_repr(json::parse(body, ""));
  } catch (const Error&) {
    reason = printable(body.substr(0, longest_reason));
  }
  const auto text = "Error code: " + std::to_string(status) + (reason.empty() ? "" : " - " + reason);
  if (status == 429) return TooManyRequests(text);
  return {ErrorCode::unavailable, text};
}

void PieceReader::take(std::string_view bytes, const Piece& piece) {
  events_.take(bytes, [&](std::string_view data) { event(data, piece); });
}

void PieceReader::finish(const Piece& piece) {
  events_.finish([&](std::string_view data) { event(data, piece); });
  if (!complete_) throw ProtocolError("the model's answer ended early");
}

void PieceReader::event(std::string_view data, const Piece& piece) {
  if (data == "[DONE]") {
    complete_ = true;
    return;
  }
  const auto chunk = parsed(data);
  if (const auto* failure = member(&chunk, "error"); failure != nullptr && !failure->is_null()) {
    throw Error(ErrorCode::unavailable,
                text_in(member(failure, "message")).value_or(json::python_text(*failure)));
  }
  const auto* choice = first_choice(chunk);
  auto text = text_in(member(member(choice, "delta"), "content"));
  if (text && !text->empty()) piece(std::move(*text));
  if (text_in(member(choice, "finish_reason"))) complete_ = true;
}

}  // namespace omnibus::text_completion
