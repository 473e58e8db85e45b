#include "backends/mqtt/packet_bytes.hpp"

#include "backends/mqtt/packet_cursor.hpp"
#include "core/text.hpp"

namespace omnibus::mqtt {
namespace {

std::string cannot_write(Type type) { return "cannot write a " + std::string(to_string(type)) + ": "; }

}  // namespace

void unwritable(Type type, const std::string& what) {
  throw make_error(ErrorCode::internal, cannot_write(type) + what, false);
}

void too_large(Type type, const std::string& what, std::size_t size, std::size_t most) {
  throw make_error(ErrorCode::too_large,
                   cannot_write(type) + what + " has " + std::to_string(size) + " bytes, MQTT allows " +
                       std::to_string(most),
                   false);
}

void check_length(Type type, std::string_view bytes, const char* field) {
  if (bytes.size() > longest_text) too_large(type, "its " + std::string(field), bytes.size(), longest_text);
}

void check_text(Type type, std::string_view text, const char* field) {
  check_length(type, text, field);
  if (!is_text(text)) unwritable(type, "its " + std::string(field) + " is not UTF-8 or holds U+0000");
}

void check_topic(Type type, std::string_view text, const char* field) {
  check_length(type, text, field);
  if (!is_topic(text))
    unwritable(type, "its " + std::string(field) + " " + text::quoted(text) + " is no topic name");
}

}  // namespace omnibus::mqtt
