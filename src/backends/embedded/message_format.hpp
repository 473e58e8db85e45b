#pragma once

/// How one message's properties, key and body are laid out, in memory as in a frame of the log.

#include <functional>

#include <omnibus/driver.hpp>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// A body kept in a file of its own.
struct BlobReference {
  std::uint64_t id = 0;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
};

/// Copies the message once. With `blob` the body is left out and only referred to.
Content encode_message(const driver::Outgoing& message, const BlobReference* blob = nullptr);

/// What encode_message makes of a message with its body: its size, and the bytes appended to `out`.
std::size_t encoded_size(const driver::Outgoing& message) noexcept;
void append_message(const driver::Outgoing& message, std::string& out);

/// Fills body, properties and key; the body shares `content`'s owner, or is what `open_blob` gives.
/// Errors: corrupt; those of `open_blob`.
void decode_message(const Content& content,
                    const std::function<driver::Body(const BlobReference&)>& open_blob,
                    driver::Delivery& delivery);

/// What a message counts against retention and limits, never 0.
std::uint64_t cost_of(const driver::Outgoing& message) noexcept;

/// When a message may be seen that is sent now; 0 for at once.
Millis visible_at(Millis now, Duration delay) noexcept;

/// Never 0 for a key, always 0 for none.
std::uint64_t key_hash(std::string_view key) noexcept;

}  // namespace omnibus::embedded
