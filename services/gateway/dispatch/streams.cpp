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
        name_(socket.kind + " in flow '" + socket.flow + "' (request " + socket.request_id + ")"),
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
    core_->errors->note({.request = {}, .flow = flow_, .service = "socket for " + name_, .text = why});
    reply_({.body = {}, .complete = false, .close = true});
  }

  const std::shared_ptr<Dispatch::Core> core_;
  const StreamType* const type_;
  const std::string name_;
  const std::string flow_;
  const Reply reply_;
};

/// Messages go out in the order they came, one at a time; one that the queue has no room for waits for it,
/// and so do those behind it.
class Import final : public Stream, public std::enable_shared_from_this<Import> {
 public:
  using Stream::Stream;

  void message(std::string text, Reply reply) override {
    {
      auto exchange = std::make_shared<Exchange>(std::move(reply), name_);
      exchange->report_to(core_->errors, flow_, "import of " + name_);
      const std::lock_guard lock(mutex_);
      waiting_.push_back({.text = std::move(text), .exchange = std::move(exchange)});
      if (running_) return;
      running_ = true;
    }
    try {
      run_soon();
    } catch (const Error& error) {  // the Bus is closed: the exchanges answer when they go
      log::write(log::Level::warning, std::string("gateway: ") + error.what());
    }
  }

 private:
  struct Waiting {
    std::string text;
    boost::json::value body = nullptr;
    std::shared_ptr<Exchange> exchange;
    TimePoint until = TimePoint::max();
    bool counted = false;
  };
  using Message = std::shared_ptr<Waiting>;

  void connect() override {
    core_->importer(flow_, *type_,
                    [self = shared_from_this()](const std::shared_ptr<Dispatcher>&, const Error* failure) {
                      failure != nullptr ? self->refuse(failure->what()) : self->run();
                    });
  }

  void run_soon() {
    core_->bus.post([self = shared_from_this()] { self->run(); });
  }
  void run() {
    const auto message = take();
    if (!message) return;
    try {
      message->exchange->count_as(core_->metrics.of_service(std::string(type_->import.name)));
      message->body = parse_body(std::exchange(message->text, {}));
      message->until = deadline_after(core_->options.timeout);
      forward(message);
    } catch (const NotJson& error) {
      message->exchange->dispatch_error(error.reason(), 0);
      run_soon();
    }
  }
  Message take() {
    const std::lock_guard lock(mutex_);
    running_ = !waiting_.empty();
    if (!running_) return nullptr;
    auto next = std::make_shared<Waiting>(std::move(waiting_.front()));
    waiting_.pop_front();
    return next;
  }

  void forward(const Message& message) {
    try {
      core_->importer(flow_, *type_,
                      [self = shared_from_this(), message](const std::shared_ptr<Dispatcher>& dispatcher,
                                                           const Error* failure) {
                        failure != nullptr ? self->end(message, failure->what())
                                           : self->offer(*dispatcher, message);
                      });
    } catch (const Undeliverable& error) {
      end(message, error.text);
    } catch (const std::exception&) {
      end(message, to_error(std::current_exception()).what());
    }
  }
  void end(const Message& message, const std::string& why) {
    message->exchange->dispatch_error(why, 0);
    run_soon();
  }
  void offer(Dispatcher& dispatcher, const Message& message) {
    constexpr auto pause = std::chrono::milliseconds(10);
    if (dispatcher.queue() && !std::exchange(message->counted, true)) {
      message->exchange->count_for(*dispatcher.queue());
    }
    if (dispatcher.offer(message->body, message->exchange)) return run_soon();
    if (Clock::now() >= message->until) return end(message, "the queue takes no more");
    core_->bus.post_at(deadline_after(pause),
                       [self = shared_from_this(), message] { self->forward(message); });
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
