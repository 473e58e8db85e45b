#include "backends/mqtt/topic.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::size_t longest_plain = 64;

void append_escaped(std::string& out, std::string_view level, bool first) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (std::size_t i = 0; i < level.size(); ++i) {
    const char c = level[i];
    if (c == '+' || c == '#' || c == '%' || (c == '$' && first && i == 0)) {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
}

/// A share name may hold neither '/' nor wildcards [MQTT-4.8.2-2].
std::string share_name(std::string_view subscription) {
  std::string out;
  for (const char c : subscription) {
    if (c == '/') {
      out += "%2F";
    } else {
      append_escaped(out, std::string_view(&c, 1), false);
    }
  }
  return out;
}

}  // namespace

std::string plain(std::string_view text) {
  std::string out(text.substr(0, longest_plain));
  std::replace_if(
      out.begin(), out.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                 c == '_' || c == '-');
      },
      '-');
  return out;
}

std::string topic_of(const QueueName& queue) {
  std::string out;
  append_escaped(out, queue.tenant, true);
  out += '/';
  append_escaped(out, queue.space, false);
  out += '/';
  append_escaped(out, queue.name, false);
  return out;
}

SubscriptionNames::SubscriptionNames(const QueueName& queue, std::string_view subscription,
                                     std::string_view prefix)
    : topic_(topic_of(queue)) {
  const std::string name = share_name(subscription);
  const std::string derived = topic_ + "--" + name;
  shared_filter_ = "$share/" + name + "/" + topic_;
  retry_topic_ = derived + "--retry";
  members_ = derived + "--members/";
  home_ = std::string(prefix) + plain(subscription).substr(0, longest_plain / 2) + "-" +
          text::hex16(text::hash(topic_ + '\n' + std::string(subscription)));
}

std::string SubscriptionNames::of_instance(std::string_view instance) const {
  return home_ + "-" + plain(instance);
}

std::string_view SubscriptionNames::member_of(std::string_view presence_topic) const {
  return presence_topic.substr(std::min(members_.size(), presence_topic.size()));
}

}  // namespace omnibus::mqtt
