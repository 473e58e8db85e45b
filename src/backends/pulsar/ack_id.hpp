#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <omnibus/driver.hpp>

namespace omnibus::pulsar {

/// Most partitions of one topic; more do not fit into an AckId.
inline constexpr std::size_t most_partitions = 1u << 12;

/// Where an entry of the broker's log is: one message or one batch.
struct EntryKey {
  std::uint64_t ledger = 0, entry = 0;
  std::uint32_t part = 0;  ///< of a partitioned topic
  friend bool operator==(const EntryKey&, const EntryKey&) = default;
};

struct EntryHash {
  std::size_t operator()(const EntryKey& key) const noexcept {
    std::uint64_t mixed = key.ledger * 0x9e3779b97f4a7c15u + key.entry;
    mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9u + key.part;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

/// What an AckId of this backend says. `size` is 0 for a message that is no batch. `turn` tells deliveries of
/// the same message apart; it wraps.
struct MessageKey {
  static constexpr std::uint32_t turns = 1u << 12;

  EntryKey entry;
  std::uint32_t index = 0, size = 0, turn = 0;

  driver::AckId pack() const noexcept {
    return {{entry.ledger, entry.entry,
             (std::uint64_t{entry.part} << 52) | (std::uint64_t{turn % turns} << 40) |
                 (std::uint64_t{size} << 20) | index}};
  }
  static MessageKey unpack(const driver::AckId& id) noexcept {
    constexpr std::uint64_t twenty = (1u << 20) - 1;
    const auto rest = id.value[2];
    return {{id.value[0], id.value[1], static_cast<std::uint32_t>(rest >> 52)},
            static_cast<std::uint32_t>(rest & twenty),
            static_cast<std::uint32_t>((rest >> 20) & twenty),
            static_cast<std::uint32_t>((rest >> 40) % turns)};
  }
};

}  // namespace omnibus::pulsar
