#include "services/text_completion/chat.hpp"

#include <boost/json/object.hpp>

#include "services/http/answer.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::text_completion {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using http::member;
using http::parsed;

std::optional<std::string> text_in(const value* item) {
  if (item == nullptr || !item->is_string()) return std::nullopt;
  return std::string(item->get_string());
}

std::optional<std::int64_t> count_in(const value* item) {
  if (item == nullptr || !item->is_int64()) return std::nullopt;
  return item->get_int64();
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
