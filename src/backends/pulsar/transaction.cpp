#include "backends/pulsar/transaction.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/leftovers.hpp"
#include "backends/pulsar/topic.hpp"
#include "wire/gather.hpp"

namespace omnibus::pulsar {
namespace {

constexpr Duration clock_slack = std::chrono::seconds(10);
constexpr Duration resolve_time = std::chrono::seconds(30);  ///< for asking again how it ended
constexpr Duration resolve_pause = std::chrono::milliseconds(200);
const std::string coordinator_topic = "persistent://pulsar/system/transaction_coordinator_assign-partition-0";

Error without_link(const Error& error) {
  return make_error(ErrorCode::unknown_outcome,
                    "the link to the coordinator broke while it ended the transaction: " + error.message(),
                    false, "look whether its results are there before it is repeated");
}

}  // namespace

// ---- the coordinator

Coordinator::Coordinator(std::shared_ptr<Session> session, const std::string& instance)
    : session_(std::move(session)),
      name_(instance + "-transactions-" + std::to_string(std::random_device{}())) {}

void Coordinator::reach(Reached reached) {
  session_->lookup(
      coordinator_topic, [self = shared_from_this(), reached = std::move(reached)](
                             const Error* error, const std::shared_ptr<Connection>& connection) mutable {
        if (error != nullptr) {
          const Error told =
              make_error(error->code(), "no transaction coordinator: " + error->message(), error->retryable(),
                         "set transactionCoordinatorEnabled=true on the brokers");
          return reached(&told, nullptr);
        }
        if (self->greeted_.lock() == connection) return reached(nullptr, connection);
        proto::BaseCommand command;
        command.set_type(proto::BaseCommand::TC_CLIENT_CONNECT_REQUEST);
        const auto request = connection->next_id();
        command.mutable_tcclientconnectrequest()->set_request_id(request);
        command.mutable_tcclientconnectrequest()->set_tc_id(0);
        connection->request(command, request, "cannot reach the transaction coordinator",
                            [self, connection, reached = std::move(reached)](
                                const Error* refused, const proto::BaseCommand&) mutable {
                              if (refused != nullptr) return reached(refused, nullptr);
                              self->greeted_ = connection;
                              reached(nullptr, connection);
                            });
      });
}

void Coordinator::producer(const std::string& topic, TopicProducer::Opened opened) {
  const auto found = producers_.find(topic);
  if (found != producers_.end() && !found->second->dead()) return opened(nullptr, found->second);
  TopicProducer::Config config{
      .topic = topic, .name = name_ + "-" + std::to_string(++opened_), .transactional = true};
  TopicProducer::open(session_, std::move(config),
                      [self = shared_from_this(), topic, opened = std::move(opened)](
                          const Error* error, std::shared_ptr<TopicProducer> producer) mutable {
                        if (error == nullptr) self->producers_[topic] = producer;
                        opened(error, std::move(producer));
                      });
}

// ---- one transaction

class TransactionHandle::State : public std::enable_shared_from_this<TransactionHandle::State> {
 public:
  State(std::shared_ptr<Coordinator> coordinator, std::shared_ptr<Connection> connection, TransactionId id)
      : coordinator_(std::move(coordinator)),
        connection_(std::move(connection)),
        id_(id),
        timer_(coordinator_->session()->loop()) {}

  const std::shared_ptr<Session>& session() const noexcept { return coordinator_->session(); }
  wire::Loop& loop() { return session()->loop(); }
  void send(const std::string& topic, const driver::Outgoing& message, Completion done);
  void acknowledge(const std::shared_ptr<Subscriber>& subscriber, std::span<const driver::AckId> ids,
                   Completion done);
  void end(proto::TxnAction action, Completion done);

 private:
  void add_topic(const std::string& topic, Completion done);
  void add_subscriptions(const std::vector<std::string>& topics, const std::string& subscription,
                         Completion done);
  void send_on(const std::string& topic, const driver::Outgoing& message, Completion done);
  Completion tracked(Completion done);
  void maybe_end();
  void ask();
  void on_answer(const Error* error);
  void resolve();
  void ended(const Error* error);

  const std::shared_ptr<Coordinator> coordinator_;
  std::shared_ptr<Connection> connection_;  ///< to the coordinator
  const TransactionId id_;
  const TimePoint began_ = Clock::now();
  Participants participants_;
  std::size_t under_way_ = 0;
  std::optional<Error> failure_;  ///< the first of a send or an acknowledgement
  bool doubtful_ = false;         ///< what failed may have reached its topic, and may reach it yet
  proto::TxnAction action_ = proto::ABORT;
  Completion ended_;
  bool over_ = false, ending_ = false;
  bool asked_ = false;                  ///< the coordinator may have heard of the end
  std::optional<TimePoint> resolving_;  ///< the link broke meanwhile; until when it is asked again
  std::uint64_t closer_ = 0;            ///< of the pause before it is
  wire::Timer timer_;
};

void TransactionHandle::begin(const std::shared_ptr<Coordinator>& coordinator,
                              driver::Result<std::unique_ptr<driver::Transaction>> done) {
  coordinator->reach([coordinator, done = std::move(done)](
                         const Error* error, const std::shared_ptr<Connection>& connection) mutable {
    if (error != nullptr) return done(error, nullptr);
    proto::BaseCommand command;
    command.set_type(proto::BaseCommand::NEW_TXN);
    const auto request = connection->next_id();
    command.mutable_newtxn()->set_request_id(request);
    // Milliseconds, whatever the field's name: so the broker reads it, and so the Java client writes it.
    command.mutable_newtxn()->set_txn_ttl_seconds(static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(coordinator->session()->parameters().transaction_timeout)
            .count()));
    command.mutable_newtxn()->set_tc_id(0);
    connection->request(command, request, "cannot begin a transaction",
                        [coordinator, connection, done = std::move(done)](
                            const Error* refused, const proto::BaseCommand& answer) mutable {
                          if (refused != nullptr) return done(refused, nullptr);
                          const auto& made = answer.newtxnresponse();
                          const TransactionId id{made.txnid_most_bits(), made.txnid_least_bits()};
                          done(nullptr, std::make_unique<TransactionHandle>(
                                            std::make_shared<State>(coordinator, connection, id)));
                        });
  });
}

/// A completion that counts as under way, and whose failure keeps the transaction from being committed.
Completion TransactionHandle::State::tracked(Completion done) {
  ++under_way_;
  return [self = shared_from_this(), done = std::move(done)](const Error* error) mutable {
    if (error != nullptr && !self->failure_) self->failure_ = *error;
    self->doubtful_ = self->doubtful_ || error != nullptr;
    done(error);
    --self->under_way_;
    self->maybe_end();
  };
}

void TransactionHandle::State::add_topic(const std::string& topic, Completion done) {
  if (!participants_.topics.insert(topic).second) return done(nullptr);
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::ADD_PARTITION_TO_TXN);
  auto* add = command.mutable_addpartitiontotxn();
  const auto request = connection_->next_id();
  add->set_request_id(request);
  add->set_txnid_most_bits(id_.most);
  add->set_txnid_least_bits(id_.least);
  add->add_partitions(topic);
  connection_->request(
      command, request, "cannot add a topic to the transaction",
      [done = std::move(done)](const Error* error, const proto::BaseCommand&) mutable { done(error); });
}

void TransactionHandle::State::send(const std::string& topic, const driver::Outgoing& message,
                                    Completion done) {
  auto completion = tracked(std::move(done));
  coordinator_->session()->partitions(
      topic, [self = shared_from_this(), topic, &message, completion = std::move(completion)](
                 const Error* error, std::size_t count) mutable {
        if (error != nullptr) return completion(error);
        const auto part = count == 0 ? topic : partition_of(topic, partition_for(message.key, count));
        self->add_topic(
            part, [self, part, &message, completion = std::move(completion)](const Error* refused) mutable {
              if (refused != nullptr) return completion(refused);
              self->send_on(part, message, std::move(completion));
            });
      });
}

void TransactionHandle::State::send_on(const std::string& topic, const driver::Outgoing& message,
                                       Completion done) {
  coordinator_->producer(
      topic, [self = shared_from_this(), &message, done = std::move(done)](
                 const Error* error, const std::shared_ptr<TopicProducer>& producer) mutable {
        if (error != nullptr) return done(error);
        producer->send({.message = &message, .done = std::move(done), .transaction = self->id_});
        producer->pump();
      });
}

void TransactionHandle::State::add_subscriptions(const std::vector<std::string>& topics,
                                                 const std::string& subscription, Completion done) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::ADD_SUBSCRIPTION_TO_TXN);
  auto* add = command.mutable_addsubscriptiontotxn();
  for (const auto& topic : topics) {
    if (!participants_.subscriptions.emplace(topic, subscription).second) continue;
    auto* one = add->add_subscription();
    one->set_topic(topic);
    one->set_subscription(subscription);
  }
  if (add->subscription_size() == 0) return done(nullptr);
  const auto request = connection_->next_id();
  add->set_request_id(request);
  add->set_txnid_most_bits(id_.most);
  add->set_txnid_least_bits(id_.least);
  connection_->request(
      command, request, "cannot add a subscription to the transaction",
      [done = std::move(done)](const Error* error, const proto::BaseCommand&) mutable { done(error); });
}

void TransactionHandle::State::acknowledge(const std::shared_ptr<Subscriber>& subscriber,
                                           std::span<const driver::AckId> ids, Completion done) {
  add_subscriptions(subscriber->topics_of(ids), subscriber->config().link.subscription,
                    [self = shared_from_this(), subscriber, all = std::vector(ids.begin(), ids.end()),
                     completion = tracked(std::move(done))](const Error* error) mutable {
                      if (error != nullptr) return completion(error);
                      subscriber->acknowledge(all, self->id_, std::move(completion));
                    });
}

void TransactionHandle::State::end(proto::TxnAction action, Completion done) {
  if (std::exchange(over_, true)) {
    const Error error = make_error(ErrorCode::closed, "the transaction is over", false);
    return done(&error);
  }
  action_ = action;
  ended_ = std::move(done);
  maybe_end();
}

/// Once nothing is under way. What failed in part is aborted, and the commit reports why.
void TransactionHandle::State::maybe_end() {
  if (!ended_ || under_way_ > 0 || std::exchange(ending_, true)) return;
  if (failure_ && action_ == proto::COMMIT) {
    action_ = proto::ABORT;
  } else {
    failure_.reset();
  }
  ask();
}

void TransactionHandle::State::ask() {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::END_TXN);
  auto* end = command.mutable_endtxn();
  const auto request = connection_->next_id();
  end->set_request_id(request);
  end->set_txnid_most_bits(id_.most);
  end->set_txnid_least_bits(id_.least);
  end->set_txn_action(action_);
  asked_ = asked_ || connection_->up();
  connection_->request(
      command, request, "cannot end the transaction",
      [self = shared_from_this()](const Error* error, const proto::BaseCommand&) { self->on_answer(error); });
}

void TransactionHandle::State::on_answer(const Error* error) {
  doubtful_ = doubtful_ || error != nullptr;
  if (doubtful_ && action_ == proto::ABORT) abort_leftovers(session(), id_, participants_);
  if (failure_) return ended(&*failure_);
  if (error == nullptr || action_ == proto::ABORT) return ended(error);
  const bool forgotten = error->native() == "TransactionNotFound";
  const bool elsewhere = error->native() == "InvalidTxnStatus";
  if (!resolving_ && (forgotten || elsewhere)) {  // it timed out before it was asked to commit
    abort_leftovers(session(), id_, participants_);
    return ended(error);
  }
  // The coordinator forgets what is over. Within its lifetime only this commit can have ended it.
  const auto lifetime = coordinator_->session()->parameters().transaction_timeout;
  if (forgotten && Clock::now() < began_ + lifetime - std::min(clock_slack, lifetime / 2))
    return ended(nullptr);
  // An earlier request may be at work on it. Only the text tells how it ends.
  const bool at_work = elsewhere && error->message().find("ABORT") == std::string::npos;
  const bool again = at_work || error->code() == ErrorCode::unavailable ||
                     error->code() == ErrorCode::timeout || error->code() == ErrorCode::closed;
  if (!asked_ || !(again || forgotten)) return ended(error);
  if (!resolving_) resolving_ = Clock::now() + resolve_time;
  if (again && Clock::now() < *resolving_ && !coordinator_->session()->closed()) {
    closer_ = session()->at_close([self = shared_from_this()](const Error& closed) {
      self->timer_.cancel();
      const Error unknown = without_link(closed);
      self->ended(&unknown);
    });
    return timer_.after(resolve_pause, [self = shared_from_this()] { self->resolve(); });
  }
  const Error unknown = without_link(*error);
  ended(&unknown);
}

/// Asks for the same end once more: the coordinator knows the transaction by its id, over any link.
void TransactionHandle::State::resolve() {
  session()->forget(closer_);
  coordinator_->reach(
      [self = shared_from_this()](const Error* error, const std::shared_ptr<Connection>& connection) {
        if (error != nullptr) return self->on_answer(error);
        self->connection_ = connection;
        self->ask();
      });
}

void TransactionHandle::State::ended(const Error* error) {
  auto done = std::exchange(ended_, nullptr);
  done(error);
}

TransactionHandle::~TransactionHandle() {
  const auto session = state_->session();  // its loop lets go last, for a timer goes with the state
  session->loop().post([state = std::move(state_)] { state->end(proto::ABORT, [](const Error*) {}); });
}

void TransactionHandle::send(const QueueName& queue, const driver::Outgoing& message, Completion done) {
  if (queue.qos == Qos::best_effort) {
    const Error error =
        make_error(ErrorCode::unsupported, "q0 takes no part in transactions", false, "use q1 or q2");
    return done(&error);
  }
  state_->loop().post([state = state_, topic = topic_of(queue), &message, done = std::move(done)]() mutable {
    state->send(topic, message, std::move(done));
  });
}

void TransactionHandle::acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids,
                                    Completion done) {
  const auto* handle = dynamic_cast<ConsumerHandle*>(&consumer);
  if (handle == nullptr) {
    const Error error = make_error(ErrorCode::config, "the consumer is not of this Bus", false);
    return done(&error);
  }
  state_->loop().post(
      [state = state_, subscriber = handle->subscriber(), all = std::vector(ids.begin(), ids.end()),
       done = std::move(done)]() mutable { state->acknowledge(subscriber, all, std::move(done)); });
}

void TransactionHandle::commit(Completion done) {
  state_->loop().post(
      [state = state_, done = std::move(done)]() mutable { state->end(proto::COMMIT, std::move(done)); });
}

void TransactionHandle::abort(Completion done) {
  state_->loop().post(
      [state = state_, done = std::move(done)]() mutable { state->end(proto::ABORT, std::move(done)); });
}

}  // namespace omnibus::pulsar
