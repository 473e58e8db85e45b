#include "backends/pulsar/compression.hpp"

#include <lz4.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <limits>

#include <omnibus/error.hpp>

namespace omnibus::pulsar {
namespace {

[[noreturn]] void damaged(std::string_view what) {
  throw ProtocolError("a payload compressed with " + std::string(what) + " is damaged");
}

[[noreturn]] void failed(std::string_view what) {
  throw Error(ErrorCode::internal, "compressing with " + std::string(what) + " failed");
}

std::string compress_lz4(std::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  std::string out(static_cast<std::size_t>(LZ4_compressBound(size)), '\0');
  const int written = LZ4_compress_default(bytes.data(), out.data(), size, static_cast<int>(out.size()));
  if (written <= 0 && size > 0) failed("lz4");
  out.resize(static_cast<std::size_t>(written));
  return out;
}

std::string compress_zlib(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                 bytes.size()) != Z_OK) {
    failed("zlib");
  }
  out.resize(size);
  return out;
}

std::string compress_zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size) != 0) failed("zstd");
  out.resize(size);
  return out;
}

std::string decompress_snappy(std::string_view bytes, std::size_t size) {
  std::size_t told = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &told) || told != size) damaged("snappy");
  std::string out(size, '\0');
  if (!snappy::RawUncompress(bytes.data(), bytes.size(), out.data())) damaged("snappy");
  return out;
}

}  // namespace

proto::CompressionType parse_compression(std::string_view option, std::string_view text) {
  if (text == "none") return proto::NONE;
  if (text == "lz4") return proto::LZ4;
  if (text == "zlib") return proto::ZLIB;
  if (text == "zstd") return proto::ZSTD;
  if (text == "snappy") return proto::SNAPPY;
  throw ConfigError("the option \"" + std::string(option) + "\" is \"" + std::string(text) + "\"",
                    "it is none, lz4, zlib, zstd or snappy");
}

std::string compress(proto::CompressionType type, std::string_view bytes) {
  switch (type) {
    case proto::LZ4:
      return compress_lz4(bytes);
    case proto::ZLIB:
      return compress_zlib(bytes);
    case proto::ZSTD:
      return compress_zstd(bytes);
    case proto::SNAPPY: {
      std::string out;
      snappy::Compress(bytes.data(), bytes.size(), &out);
      return out;
    }
    default:
      return std::string(bytes);
  }
}

std::string decompress(proto::CompressionType type, std::string_view bytes, std::size_t size) {
  if (type == proto::SNAPPY) return decompress_snappy(bytes, size);
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) damaged("an impossible size");
  std::string out(size, '\0');
  if (type == proto::LZ4) {
    const int read =
        LZ4_decompress_safe(bytes.data(), out.data(), static_cast<int>(bytes.size()), static_cast<int>(size));
    if (read < 0 || static_cast<std::size_t>(read) != size) damaged("lz4");
  } else if (type == proto::ZLIB) {
    uLongf read = size;
    if (::uncompress(reinterpret_cast<Bytef*>(out.data()), &read,
                     reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK ||
        read != size) {
      damaged("zlib");
    }
  } else if (type == proto::ZSTD) {
    const std::size_t read = ZSTD_decompress(out.data(), size, bytes.data(), bytes.size());
    if (ZSTD_isError(read) != 0 || read != size) damaged("zstd");
  } else {
    throw ProtocolError("a payload is compressed in a way that is not known");
  }
  return out;
}

}  // namespace omnibus::pulsar
