#pragma once

#include <cstdint>
#include <string_view>

namespace omnibus::codec {

/// CRC-32C (Castagnoli) of `bytes`, going on from `seed`; with SSE4.2 where the processor has it.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0) noexcept;
/// The same without the instruction.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed = 0) noexcept;

}  // namespace omnibus::codec
