#include "services/text_completion/event_stream.hpp"

#include <utility>

#include <omnibus/error.hpp>

namespace omnibus::text_completion {
namespace {
constexpr std::size_t longest = std::size_t{16} << 20;
}

void EventStream::take(std::string_view bytes, const Event& event) {
  while (!bytes.empty()) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') bytes.remove_prefix(1);
    const auto end = bytes.find_first_of("\r\n");
    buffer_ += bytes.substr(0, end);
    if (buffer_.size() + data_.size() > longest) throw ProtocolError("an event of the stream is too long");
    if (end == std::string_view::npos) return;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    line(std::exchange(buffer_, {}), event);
  }
}

void EventStream::finish(const Event& event) {
  if (!buffer_.empty()) line(std::exchange(buffer_, {}), event);
  line({}, event);
}

void EventStream::line(std::string_view text, const Event& event) {
  if (text.empty()) {
    if (std::exchange(has_data_, false)) event(std::exchange(data_, {}));
    return;
  }
  constexpr std::string_view field = "data";
  if (!text.starts_with(field)) return;  // a comment or another field
  text.remove_prefix(field.size());
  if (!text.empty() && text.front() != ':') return;
  if (!text.empty()) text.remove_prefix(1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (std::exchange(has_data_, true)) data_ += '\n';
  data_ += text;
}

}  // namespace omnibus::text_completion
