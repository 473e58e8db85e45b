#include "backends/mqtt/retry.hpp"

#include <charconv>
#include <string_view>

namespace omnibus::mqtt {
namespace {

constexpr std::string_view attempt_property = "omnibus-attempt", due_property = "omnibus-due";

std::optional<std::uint64_t> number_of(const std::string* text) {
  std::uint64_t value = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::int64_t now_in_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

driver::Outgoing retry_of(const Inbound& message, std::uint32_t attempt, Duration delay) {
  driver::Outgoing copy{
      .payload = std::string(message.body.bytes()), .properties = message.properties, .key = message.key};
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  copy.properties.set(attempt_property, std::to_string(attempt));
  copy.properties.set(due_property, std::to_string(now_in_milliseconds() + wait));
  return copy;
}

std::optional<SystemTime> take_retry(Properties& properties, std::uint32_t& attempt) {
  const auto said = number_of(properties.find(attempt_property));
  const auto when = number_of(properties.find(due_property));
  if (!said || !when) return std::nullopt;
  attempt = static_cast<std::uint32_t>(*said);
  properties.erase(attempt_property);
  properties.erase(due_property);
  return SystemTime(std::chrono::milliseconds(*when));
}

}  // namespace omnibus::mqtt
