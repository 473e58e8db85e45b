#include "backends/embedded/journal.hpp"
#include "backends/embedded/message_format.hpp"

namespace omnibus::embedded {
namespace {

class MemoryJournal final : public Journal {
 public:
  OwnerId self() const noexcept override { return 1; }
  bool alive(OwnerId) const override { return true; }
  void restore(State&, Effects&) override {}
  void start(Listener) override {}
  void stop() noexcept override {}
  void want_best_effort() override {}

  void catch_up(State&, Effects&) override {}
  void enter(State&, Effects&, Duration) override {}
  bool entered() const noexcept override { return true; }
  void leave() noexcept override {}
  void commit(State& state, std::span<Record> records, Effects& effects) override {
    for (auto& record : records) state.apply(std::move(record), effects);
  }
  std::uint64_t mark() const noexcept override { return 0; }

  bool fleeting() const noexcept override { return true; }
  bool confirmed(std::uint64_t) override { return true; }
  void confirm(std::uint64_t, Completion done) override { done(nullptr); }
  Content store(const driver::Outgoing& message, bool, bool) override { return encode_message(message); }
  Content find(const Content& place) override { return place; }
  void load(const Content& content, bool, driver::Delivery& delivery) override {
    decode_message(content, {}, delivery);
  }
  void discard_blob(std::uint64_t, std::uint64_t) override {}
};

}  // namespace

std::unique_ptr<Journal> make_memory_journal() { return std::make_unique<MemoryJournal>(); }

}  // namespace omnibus::embedded
