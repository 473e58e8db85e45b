#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <omnibus/driver.hpp>
#include <omnibus/store.hpp>

#include "backends/embedded/log/image.hpp"
#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

/// The State of a store, rebuilt from an image of its files: what an opening would find, as far as it is
/// sound, and a list of what is not. Threads: one.
class StoreReading {
 public:
  explicit StoreReading(StoreImage image, const StoreProgress& progress = {});
  StoreReading(const StoreReading&) = delete;
  StoreReading& operator=(const StoreReading&) = delete;

  const StoreImage& image() const noexcept { return image_; }
  const State& state() const noexcept { return *state_; }

  /// Fills body, properties and key. Errors: corrupt, not_found, io.
  void load(const StoredMessage& message, driver::Delivery& delivery) const;
  /// Calls `each` for every durable queue, by name.
  void for_each_queue(const std::function<void(const Queue&)>& each) const;

  std::uint64_t frames = 0;       ///< whole ones
  std::uint64_t frame_bytes = 0;  ///< theirs, headers included
  std::uint64_t first = 0;        ///< log sequences of the first and the last whole frame; 0: none
  std::uint64_t last = 0;
  std::uint64_t lost = 0;  ///< messages that the checkpoint names and the log does not hold
  bool opens = true;       ///< false: no state can be rebuilt, an opening is refused
  std::vector<StoreDamage> damage;
  std::vector<StoreDamage> cut;

 private:
  void start_from_checkpoint();
  static void unpack(State& state);
  void find_messages();
  void compare_beginning();
  void read_frames(const StoreProgress& progress);
  void apply(const FrameView& frame);
  void name_queue_of(const Record& record);

  const StoreImage image_;
  std::unique_ptr<State> state_;
  std::uint64_t known_ = 0;  ///< the checkpoint stands for everything up to it
  Effects effects_;
};

/// The file of a body, relative to the store.
std::string body_file(BlobId id);

/// `q1/tenant/namespace/queue`.
std::string queue_name(const Queue& queue);

}  // namespace omnibus::embedded
