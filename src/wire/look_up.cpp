#include "wire/look_up.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <list>
#include <system_error>

#include "wire/loop_state.hpp"

namespace omnibus::wire {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// Threads of lookups; joined when the program ends.
class Threads {
 public:
  /// Errors: std::system_error when there can be no more.
  template <class Work>
  void run(Work work) {
    const std::lock_guard lock(mutex_);
    entries_.remove_if([](const Entry& entry) { return entry.done->load(); });
    auto done = std::make_shared<std::atomic<bool>>(false);
    entries_.push_back({done, std::jthread([work = std::move(work), done] {
                          work();
                          done->store(true);
                        })});
  }

 private:
  struct Entry {
    std::shared_ptr<std::atomic<bool>> done;
    std::jthread thread;
  };
  std::mutex mutex_;  ///< guards entries_
  std::list<Entry> entries_;
};

Threads& threads() {
  static Threads all;
  return all;
}

/// What waits for the answer, on the loop.
struct Waiting {
  Loop::State& loop;
  LookedUp done;
};

void answer(const std::weak_ptr<Waiting>& weak, const error_code& error,
            const tcp::resolver::results_type& found) {
  const auto waiting = weak.lock();
  if (!waiting) return;
  waiting->loop.kept.erase(waiting);
  waiting->done(error, found);
}

}  // namespace

void look_up(Loop& loop, const Address& address, LookedUp done) {
  const auto waiting = std::make_shared<Waiting>(Waiting{loop.state(), std::move(done)});
  loop.state().kept.insert(waiting);
  const std::weak_ptr<Waiting> weak = waiting;
  try {
    threads().run([door = loop.state().door, weak, address] {
      boost::asio::io_context context;
      error_code error;
      const auto found = tcp::resolver(context).resolve(address.host, std::to_string(address.port), error);
      door->post([weak, error, found] { answer(weak, error, found); });
    });
  } catch (const std::system_error&) {
    loop.post([weak] { answer(weak, boost::asio::error::try_again, {}); });
  }
}

}  // namespace omnibus::wire
