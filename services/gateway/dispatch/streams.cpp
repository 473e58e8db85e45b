#include "services/gateway/dispatch/streams.hpp"

#include <deque>
#include <omnibus/log.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace {

/// Begins once the configuration is known.
class Stream : public Channel {
 public:
  Stream(std::shared_ptr<Dispatch::Core> core, FlowSocket socket, Reply reply)
      : core_(std::move(core)),
        type_(find_stream(socket.kind)),
        name_(socket.kind + " in flow '" + socket.flow + "'"),
        flow_(std::move(socket.flow)),
        reply_(std::move(reply)) {}

  /// On the pool.
  void begin() noexcept {
    try {
      if (type_ == nullptr) throw Undeliverable{"Invalid kind", 0};
      connect();
    } catch (const Undeliverable& error) {
      refuse(error.text);
    } catch (const std::exception& error) {
      refuse(error.what());
    }
  }

 protected:
  virtual void connect() = 0;
  void refuse(const std::string& why) {
    log::write(log::Level::warning, "gateway: a socket for " + name_ + " was closed: " + why);
    reply_({.body = {}, .complete = false, .close = true});
  }

  const std::shared_ptr<Dispatch::Core> core_;
  const StreamType* const type_;
  const std::string name_;
  const std::string flow_;
  const Reply reply_;
};

/// Messages go out in the order they came: one piece of work at a time takes what is there.
class Import final : public Stream, public std::enable_shared_from_this<Import> {
 public:
  using Stream::Stream;

  void message(std::string text, Reply reply) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back({std::move(text), std::make_shared<Exchange>(std::move(reply), name_)});
      if (running_) return;
      running_ = true;
    }
    try {
      core_->bus.post([self = shared_from_this()] { self->run(); });
    } catch (const Error& error) {  // the Bus is closed: the exchanges answer when they go
      log::write(log::Level::warning, std::string("gateway: ") + error.what());
    }
  }

 private:
  struct Waiting {
    std::string text;
    std::shared_ptr<Exchange> exchange;
  };

  void connect() override {
    core_->importer(flow_, *type_);
    run();
  }

  void run() {
    for (auto next = take(); next; next = take()) forward(*next);
  }
  std::optional<Waiting> take() {
    const std::lock_guard lock(mutex_);
    running_ = !waiting_.empty();
    if (!running_) return std::nullopt;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  void forward(const Waiting& message) {
    try {
      message.exchange->count_as(core_->metrics_of(std::string(type_->import.name), true));
      core_->importer(flow_, *type_)->request(parse_body(message.text), message.exchange);
    } catch (const NotJson& error) {
      message.exchange->dispatch_error(error.reason(), 0);
    } catch (const Undeliverable& error) {
      message.exchange->dispatch_error(error.text, 0);
    } catch (const std::exception&) {
      message.exchange->dispatch_error(to_error(std::current_exception()));
    }
  }

  std::mutex mutex_;  // guards what follows
  std::deque<Waiting> waiting_;
  bool running_ = true;  // begin() is to come
};

/// What the client says is ignored. Ends when the flow goes or has another queue.
class Export final : public Stream, public FlowFollower, public std::enable_shared_from_this<Export> {
 public:
  using Stream::Stream;
  void message(std::string, Reply reply) override { reply({}); }

  void flow_changed() override {
    {
      const std::lock_guard lock(mutex_);
      if (!queue_ || ended_) return;  // connect() looks again
      if (current_queue() == queue_->str()) return;
      ended_ = true;
    }
    refuse("the flow has gone or has another queue");
  }

 private:
  void connect() override {
    if (type_->make_exporter == nullptr) throw Undeliverable{"Invalid kind", 0};
    core_->follow(flow_, shared_from_this());
    const auto queue = core_->exported_queue(flow_, *type_);
    auto made = type_->make_exporter({core_->bus, queue, reply_});
    exporter_ = std::shared_ptr<Exporter>(made.release(), DeleteOnPool{core_->bus});
    exporter_->start();
    {
      const std::lock_guard lock(mutex_);
      queue_ = queue;
    }
    flow_changed();
  }
  std::string current_queue() const {
    try {
      return core_->exported_queue(flow_, *type_).str();
    } catch (const Undeliverable&) {
    } catch (const Error&) {
    }
    return {};
  }

  std::shared_ptr<Exporter> exporter_;
  std::mutex mutex_;  // guards what follows
  std::optional<QueueName> queue_;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<Channel> open_stream(const std::shared_ptr<Dispatch::Core>& core, FlowSocket socket,
                                     Reply reply) {
  std::shared_ptr<Stream> stream;
  if (socket.direction == FlowSocket::Direction::import) {
    stream = std::make_shared<Import>(core, std::move(socket), std::move(reply));
  } else {
    stream = std::make_shared<Export>(core, std::move(socket), std::move(reply));
  }
  try {
    core->wait(FlowTable::Wanted::known, {}, [stream] { stream->begin(); });
  } catch (const Error& error) {  // the Bus is closed
    log::write(log::Level::warning, std::string("gateway: ") + error.what());
  }
  return stream;
}

}  // namespace omnibus::gateway
