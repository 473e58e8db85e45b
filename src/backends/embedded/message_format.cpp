#include "backends/embedded/message_format.hpp"

#include <cstring>

#include "backends/embedded/bytes.hpp"

namespace omnibus::embedded {
namespace {

enum class BodyKind : std::uint8_t { here, blob };

/// Everything but a body that is here: it follows to the end.
void append_head(const driver::Outgoing& message, const BlobReference* blob, std::string& head) {
  head.push_back(static_cast<char>(blob == nullptr ? BodyKind::here : BodyKind::blob));
  put_text(head, message.key);
  put_number(head, message.properties.size());
  for (const auto& [key, value] : message.properties) {
    put_text(head, key);
    put_text(head, value);
  }
  if (blob != nullptr) {
    put_number(head, blob->id);
    put_number(head, blob->length);
    put_number(head, blob->crc);
  }
}

std::size_t number_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

std::size_t text_size(std::string_view text) noexcept { return number_size(text.size()) + text.size(); }

}  // namespace

Content encode_message(const driver::Outgoing& message, const BlobReference* blob) {
  std::string head;
  append_head(message, blob, head);
  const auto body = blob == nullptr ? std::string_view(message.payload) : std::string_view();
  const auto size = head.size() + body.size();
  auto bytes = std::make_shared_for_overwrite<char[]>(size);
  std::memcpy(bytes.get(), head.data(), head.size());
  if (!body.empty()) std::memcpy(bytes.get() + head.size(), body.data(), body.size());
  Content content;
  content.data = bytes.get();
  content.size = size;
  content.blob = blob == nullptr ? 0 : blob->id;
  content.owner = std::move(bytes);
  return content;
}

std::size_t encoded_size(const driver::Outgoing& message) noexcept {
  auto size = 1 + text_size(message.key) + number_size(message.properties.size());
  for (const auto& [key, value] : message.properties) size += text_size(key) + text_size(value);
  return size + message.payload.size();
}

void append_message(const driver::Outgoing& message, std::string& out) {
  append_head(message, nullptr, out);
  out.append(message.payload);
}

void decode_message(const Content& content,
                    const std::function<driver::Body(const BlobReference&)>& open_blob,
                    driver::Delivery& delivery) {
  ByteReader reader({static_cast<const char*>(content.data), content.size});
  const auto kind = static_cast<BodyKind>(reader.take(1).front());
  delivery.key = reader.text();
  for (auto left = reader.number(); left > 0; --left) {
    const auto key = reader.text();
    delivery.properties.set(key, reader.text());
  }
  if (kind == BodyKind::here) {
    delivery.body = driver::Body(content.owner, reader.rest());
    return;
  }
  BlobReference blob;
  blob.id = reader.number();
  blob.length = reader.number();
  blob.crc = reader.number_as<std::uint32_t>();
  delivery.body = open_blob(blob);
}

std::uint64_t cost_of(const driver::Outgoing& message) noexcept {
  constexpr std::uint64_t overhead = 64;
  std::uint64_t bytes = overhead + message.payload.size() + message.key.size();
  for (const auto& [key, value] : message.properties) bytes += key.size() + value.size();
  return bytes;
}

Millis visible_at(Millis now, Duration delay) noexcept {
  if (delay <= Duration::zero()) return 0;
  return now + std::chrono::ceil<std::chrono::milliseconds>(delay).count();
}

std::uint64_t key_hash(std::string_view key) noexcept {
  if (key.empty()) return 0;
  // FNV-1a: stored in the log, so it must not change with the library.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto c : key) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace omnibus::embedded
