#include "backends/pulsar/topic.hpp"

#include <algorithm>

namespace omnibus::pulsar {
namespace {

constexpr std::string_view partition_mark = "-partition-";

/// Where a name reads as the name of a partition; npos when it does not.
std::size_t partition_suffix(std::string_view name) {
  const auto at = name.rfind(partition_mark);
  if (at == std::string_view::npos) return at;
  const auto digits = name.substr(at + partition_mark.size());
  const bool number = !digits.empty() &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? at : std::string_view::npos;
}

/// The first character of UTF-8 text, which is taken off; a byte that is none counts as itself.
std::uint32_t take_code_point(std::string_view& text) noexcept {
  const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::uint32_t lead = byte(0);
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size == 1 || size > text.size()) {
    text.remove_prefix(1);
    return lead;
  }
  std::uint32_t code = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) code = (code << 6) | (byte(i) & 0x3fu);
  text.remove_prefix(size);
  return code;
}

std::string escaped(std::string_view name) {
  std::string out;
  const auto partition = partition_suffix(name);
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%') {
      out += "%25";
    } else if (name[i] == '/') {
      out += "%2F";
    } else if (i == partition) {
      out += "%2D";
    } else {
      out += name[i];
    }
  }
  return out;
}

}  // namespace

std::string topic_of(const QueueName& queue) {
  const std::string_view domain = queue.qos == Qos::best_effort ? "non-persistent://" : "persistent://";
  return std::string(domain) + queue.tenant + "/" + queue.space + "/" + escaped(queue.name);
}

std::string subscription_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '%' || c == '/') {
      out += c == '%' ? "%25" : "%2F";
    } else {
      out += c;
    }
  }
  return out;
}

std::string subscription_name(std::string_view escaped) {
  std::string out;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const auto code = escaped.substr(i, 3);
    if (code == "%25" || code == "%2F") {
      out += code == "%25" ? '%' : '/';
      i += 2;
    } else {
      out += escaped[i];
    }
  }
  return out;
}

std::string partition_of(const std::string& topic, std::size_t index) {
  return topic + std::string(partition_mark) + std::to_string(index);
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string admin_path(const std::string& topic) {
  const auto scheme = topic.find("://");
  const auto tenant = scheme + 3;
  const auto space = topic.find('/', tenant) + 1;
  const auto name = topic.find('/', space) + 1;
  const auto part = [&](std::size_t from, std::size_t to) {
    return url_encoded(std::string_view(topic).substr(from, to - from));
  };
  return topic.substr(0, scheme) + "/" + part(tenant, space - 1) + "/" + part(space, name - 1) + "/" +
         part(name, topic.size());
}

std::size_t partition_for(std::string_view key, std::size_t count) noexcept {
  std::uint32_t hash = 0;
  const auto add = [&hash](std::uint32_t unit) { hash = hash * 31 + unit; };
  while (!key.empty()) {
    const std::uint32_t code = take_code_point(key);
    if (code < 0x10000) {
      add(code);
    } else {
      add(0xd800 + ((code - 0x10000) >> 10));
      add(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  return (hash & 0x7fffffffu) % count;
}

}  // namespace omnibus::pulsar
