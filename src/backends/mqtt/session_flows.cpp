/// The flows of QoS 0, 1 and 2.

#include <algorithm>
#include <utility>

#include "backends/mqtt/envelope.hpp"
#include "backends/mqtt/reason.hpp"
#include "backends/mqtt/session.hpp"
#include "backends/mqtt/user_text.hpp"

namespace omnibus::mqtt {
namespace {

/// Beyond it best-effort messages wait for the kernel.
constexpr std::size_t most_queued = std::size_t{1} << 20;

}  // namespace

/// After a connection was made: what the broker has is released, what it may have waits for its sender, and
/// what has none is given up, so that its id is free again.
void Session::resume() {
  const bool resumed = !state_->fresh && terms().session_present;
  state_->fresh = false;
  if (!resumed) return state_->start_anew();
  std::vector<std::pair<std::uint64_t, std::uint16_t>> released;
  for (const auto& [id, flight] : state_->flights) {
    if (flight.released || flight.by == nullptr) released.emplace_back(flight.order, id);
  }
  std::sort(released.begin(), released.end());
  for (const auto& [order, id] : released) answer(id, Type::pubrel);
}

// ---- out

void Session::publish(Request request) {
  if (lost_) return request.done(&*lost_);
  waiting_.push_back(std::move(request));
  pump();
}

void Session::drop(const void* sender, const Error& error) {
  std::vector<Completion> dropped;
  for (auto& request : waiting_) {
    if (request.sender == sender) dropped.push_back(std::move(request.done));
  }
  std::erase_if(waiting_, [sender](const Request& request) { return request.sender == sender; });
  for (auto& [id, one] : unconfirmed_) {
    if (one.request.sender != sender || !one.request.done) continue;
    dropped.push_back(std::move(one.request.done));
    one.request.done = nullptr;
  }
  for (auto& done : dropped) done(&error);
}

/// Best effort waits for the kernel, the others for the broker; the order stays. What an earlier connection
/// left open takes no room in the receive maximum before it is sent again: section 4.9.
void Session::pump() {
  if (std::exchange(pumping_, true)) return;
  const auto self = shared_from_this();
  while (!waiting_.empty() && !lost_) {
    const bool full = waiting_.front().qos == 0 ? connection_->queued() > most_queued
                                                : unconfirmed_.size() >= terms().receive_maximum;
    if (full) break;
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(request));
  }
  pumping_ = false;
  if (waiting_.empty() || lost_ || waiting_.front().qos != 0 || std::exchange(awaits_kernel_, true)) return;
  connection_->when_written([weak = weak_from_this()] {
    const auto owner = weak.lock();
    if (!owner) return;
    owner->awaits_kernel_ = false;
    owner->pump();
  });
}

void Session::start(Request request) {
  std::optional<Error> failed;
  try {
    if (request.qos > terms().maximum_qos) {
      throw make_error(ErrorCode::unsupported,
                       "the broker takes messages up to QoS " + std::to_string(terms().maximum_qos) + " only",
                       false, "use a queue of a lower quality of service");
    }
    if (request.qos == 2) return start_once(std::move(request));
    const std::uint16_t id = request.qos == 0 ? 0 : next_id();
    write(request, id, false);
    if (id != 0) {
      unconfirmed_.emplace(id, Unconfirmed{std::move(request)});
      return;
    }
  } catch (const Error& error) {
    failed = error;
  }
  request.done(failed ? &*failed : nullptr);
}

/// A message of QoS 2: what the broker has is not sent again, and what it may have goes by its old packet id.
void Session::start_once(Request&& request) {
  SentBy* const by = request.producer != nullptr ? &state_->sent_by(*request.producer) : nullptr;
  const auto sequence = request.message->sequence;
  if (by != nullptr && by->complete(sequence)) return request.done(nullptr);
  const auto open =
      by != nullptr ? by->open.find(sequence) : std::map<std::uint64_t, std::uint16_t>::iterator();
  if (by != nullptr && open != by->open.end()) {
    const std::uint16_t id = open->second;
    const auto& flight = state_->flights.at(id);
    if (!flight.released) write(request, id, true);
    unconfirmed_[id] = Unconfirmed{std::move(request)};
    return;
  }
  const std::uint16_t id = next_id();
  check_size(request, id);  // nothing is noted of what cannot be sent
  state_->publish(id, by, sequence);
  write(request, id, false);
  unconfirmed_.emplace(id, Unconfirmed{std::move(request)});
}

/// Calls `use` with the packet.
template <class Use>
void Session::with_packet(const Request& request, std::uint16_t id, bool again, Use use) {
  const auto& message = *request.message;
  Publish publish{.topic = *request.topic,
                  .payload = message.payload,
                  .id = id,
                  .qos = request.qos,
                  .retain = request.retain,
                  .again = again};
  std::string wrapped;
  std::deque<std::string> rewritten;
  if (context_->version == Version::v5) {
    auto& user = publish.properties.user;
    user.reserve(message.properties.size() + 1);
    const auto add = [&](std::string_view key, std::string_view value) {
      if (!is_unwelcome(key) && !is_unwelcome(value)) return void(user.emplace_back(key, value));
      const auto& name = rewritten.emplace_back(std::string(escaped_mark) + escaped(key));
      user.emplace_back(name, rewritten.emplace_back(escaped(value)));
    };
    for (const auto& [key, value] : message.properties) add(key, value);
    if (!message.key.empty()) add(key_property, message.key);
    if (request.expiry > 0) publish.properties.message_expiry = request.expiry;
  }
  const bool extras =
      context_->version != Version::v5 && (!message.key.empty() || !message.properties.empty());
  if (extras || is_marked(message.payload)) {
    if (extras && !context_->parameters.envelope && !request.internal) {
      throw make_error(
          ErrorCode::unsupported,
          "a message for " + *request.topic + " has a key or properties, which MQTT 3.1.1 cannot carry",
          false, "let them travel in the payload by properties=envelope in the URL, or use MQTT 5");
    }
    wrapped = wrap(message);
    publish.payload = wrapped;
  }
  use(publish);
}

void Session::write(const Request& request, std::uint16_t id, bool again) {
  with_packet(request, id, again, [this](const Publish& publish) { connection_->send(publish); });
}

void Session::check_size(const Request& request, std::uint16_t id) {
  with_packet(request, id, false, [this](const Publish& publish) { connection_->check(publish); });
}

void Session::confirm(std::uint16_t id, const Error* error) {
  const auto found = unconfirmed_.find(id);
  if (found == unconfirmed_.end()) return;
  Unconfirmed one = std::move(found->second);
  unconfirmed_.erase(found);
  if (error == nullptr && one.verdict) error = &*one.verdict;
  if (one.request.done) one.request.done(error);
}

void Session::on_ack(const Ack& ack) {
  const auto self = shared_from_this();
  switch (ack.type) {
    case Type::puback: {
      const auto found = unconfirmed_.find(ack.id);
      if (found == unconfirmed_.end() || found->second.request.qos != 1) break;
      const auto refused = refusal(found->second.request, ack);
      confirm(ack.id, refused ? &*refused : nullptr);
      break;
    }
    case Type::pubrec:
      on_pubrec(ack);
      break;
    case Type::pubcomp:
      state_->complete(ack.id);
      confirm(ack.id, nullptr);
      break;
    default: {  // PUBREL
      const bool known = state_->forget_received(ack.id);
      answer(ack.id, Type::pubcomp, known ? Reason::success : Reason::packet_id_not_found);
    }
  }
  pump();
}

void Session::on_pubrec(const Ack& ack) {
  if (state_->flights.count(ack.id) == 0) return answer(ack.id, Type::pubrel, Reason::packet_id_not_found);
  const auto found = unconfirmed_.find(ack.id);
  const auto refused = found != unconfirmed_.end() ? refusal(found->second.request, ack) : std::nullopt;
  if (is_failure(ack.reason)) {
    state_->fail(ack.id);
    return confirm(ack.id, refused ? &*refused : nullptr);
  }
  state_->release(ack.id);
  if (refused) found->second.verdict = refused;
  answer(ack.id, Type::pubrel);
}

/// Nobody's subscription matched, or worse.
std::optional<Error> Session::refusal(const Request& request, const Ack& ack) const {
  const bool unheard = ack.reason == Reason::no_matching_subscribers;
  if (!is_failure(ack.reason) && !(unheard && !request.unheard)) return std::nullopt;
  return error_of(ack.reason, "the broker did not take a message for " + *request.topic,
                  ack.properties.reason_text.value_or(""));
}

// ---- in

void Session::on_publish(const Publish& publish) {
  // Not sent again, it is another message: the broker has given the id away.
  if (publish.qos == 2 && !publish.again) state_->forget_received(publish.id);
  if (const auto events = events_.lock()) events->on_publish(publish);
}

void Session::settle(std::uint16_t id, std::uint8_t qos) {
  if (lost_ || qos == 0) return;
  if (qos == 2) state_->receive(id);
  answer(id, qos == 1 ? Type::puback : Type::pubrec);
}

/// 3.1.1 has no reasons.
void Session::answer(std::uint16_t id, Type type, Reason reason) {
  const bool told = context_->version == Version::v5;
  connection_->send(Ack{.type = type, .id = id, .reason = told ? reason : Reason::success});
}

}  // namespace omnibus::mqtt
