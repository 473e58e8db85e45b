#pragma once

#include <string>
#include <string_view>

#include "backends/pulsar/proto.hpp"

namespace omnibus::pulsar {

/// Reads none, lz4, zlib, zstd or snappy. Errors: ConfigError naming `option` and the text.
proto::CompressionType parse_compression(std::string_view option, std::string_view text);

std::string compress(proto::CompressionType type, std::string_view bytes);

/// The original of exactly `size` bytes. Errors: ProtocolError.
std::string decompress(proto::CompressionType type, std::string_view bytes, std::size_t size);

}  // namespace omnibus::pulsar
