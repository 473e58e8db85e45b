#include "services/knowledge/loader.hpp"

#include <omnibus/framework/producer.hpp>
#include <omnibus/log.hpp>

#include "services/knowledge/confirmations.hpp"
#include "services/rpc/request_error.hpp"

namespace omnibus::knowledge {

/// One load on its way.
class Loader::Run {
 public:
  Run(const Bus& bus, const std::string& id, Load load)
      : load_(std::move(load)),
        left_out_(bus.metrics().counter("knowledge_left_out_count",
                                        "Pieces of cores that no message can hold",
                                        {{"processor", id}, {"flow", load_.flow}})),
        triples_(bus, id, load_.flow, "triples-store", QueueName::parse(load_.triples_queue)),
        embeddings_(bus, id, load_.flow, "graph-embeddings-store", QueueName::parse(load_.embeddings_queue)) {
  }

  void all(Store& store, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto pieces = store.read(load_.user, load_.core, load_.after, load_.last);
      if (pieces.empty()) return store.finish(load_.id);
      for (auto& piece : pieces) {
        std::visit([&](auto& content) { send(content); }, piece.content);
      }
      sent_.wait();
      load_.after = pieces.back().place;
      store.advance(load_.id, load_.after);
    }
  }
  void stop(Duration timeout) noexcept {
    const auto deadline = deadline_after(timeout);
    triples_.stop(timeout);
    embeddings_.stop(std::max<Duration>(deadline - Clock::now(), Duration::zero()));
  }

 private:
  template <class Content>
  void send(Content& content) {
    content.metadata->collection = load_.collection;
    auto done = [this, sent = std::make_shared<Completion>(sent_.expect())](const Error* failure) {
      const bool lost = failure != nullptr && rpc::never_fits(*failure);
      if (lost) leave_out(*failure);
      (*sent)(lost ? nullptr : failure);
    };
    try {
      producer(content).send_async(content, {}, done);
    } catch (const Error& error) {
      done(&error);
    }
  }
  framework::Producer<catalogue::Triples>& producer(const catalogue::Triples&) { return triples_; }
  framework::Producer<catalogue::GraphEmbeddings>& producer(const catalogue::GraphEmbeddings&) {
    return embeddings_;
  }
  void leave_out(const Error& why) {
    left_out_.add();
    log::write(log::Level::error, "a piece of core '" + load_.core + "' is left out of flow '" + load_.flow +
                                      "': " + why.what());
  }

  Load load_;
  Counter& left_out_;
  Confirmations sent_;
  framework::Producer<catalogue::Triples> triples_;
  framework::Producer<catalogue::GraphEmbeddings> embeddings_;
};

Loader::Loader(Bus bus, std::string id, Store& store, Duration retry)
    : bus_(std::move(bus)), id_(std::move(id)), store_(store), retry_(retry) {}

Loader::~Loader() { stop(Duration::zero()); }

void Loader::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Loader::wake() {
  const std::scoped_lock lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void Loader::stop(Duration timeout) noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  std::shared_ptr<Run> running;
  {
    const std::scoped_lock lock(mutex_);
    running = running_;
  }
  if (running) running->stop(timeout);
  thread_.join();
}

void Loader::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool finished = load_all(stop);
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return woken_; };
    finished ? changed_.wait(lock, stop, woken)
             : changed_.wait_until(lock, stop, deadline_after(retry_), woken);
    woken_ = false;
  }
}

bool Loader::load_all(const std::stop_token& stop) {
  bool finished = true;
  try {
    const auto loads = store_.loads();
    auto& left = bus_.metrics().gauge("knowledge_loads", "Cores on their way to flows", {{"processor", id_}});
    left.set(static_cast<double>(loads.size()));
    for (const auto& load : loads) {
      try {
        const auto run = begin(load, stop);
        if (!run) break;
        run->all(store_, stop);
        left.add(-1);
      } catch (const std::exception& error) {
        finished = false;
        if (stop.stop_requested()) break;
        log::write(log::Level::error, "cannot load core '" + load.core + "' into flow '" + load.flow +
                                          "' (it is tried again): " + error.what());
      }
    }
  } catch (const std::exception& error) {
    finished = false;
    log::write(log::Level::error, std::string("cannot look for loads: ") + error.what());
  }
  const std::scoped_lock lock(mutex_);
  running_.reset();
  return finished;
}

std::shared_ptr<Loader::Run> Loader::begin(const Load& load, const std::stop_token& stop) {
  auto run = std::make_shared<Run>(bus_, id_, load);
  const std::scoped_lock lock(mutex_);
  if (stop.stop_requested()) return nullptr;
  running_ = run;
  return run;
}

}  // namespace omnibus::knowledge
