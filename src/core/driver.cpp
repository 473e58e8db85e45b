#include <omnibus/driver.hpp>
#include <omnibus/raw.hpp>

namespace omnibus::driver {
namespace {

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(const schema::Type& type, Nulls nulls) : type_(type), options_{.nulls = nulls} {}
  void encode(const void* value, std::string& out) override { type_.encode_json(value, options_, out); }

 private:
  const schema::Type& type_;
  schema::JsonOptions options_;
};

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const schema::Type& type, Nulls nulls) : type_(type), options_{.nulls = nulls} {}
  void decode(std::string_view bytes, void* value) override { type_.decode_json(bytes, options_, value); }

 private:
  const schema::Type& type_;
  schema::JsonOptions options_;
};

class RawEncoder final : public Encoder {
 public:
  void encode(const void* value, std::string& out) override { out += static_cast<const Raw*>(value)->bytes; }
};

class RawDecoder final : public Decoder {
 public:
  void decode(std::string_view bytes, void* value) override { static_cast<Raw*>(value)->bytes = bytes; }
};

Error unsupported(const Backend& backend, std::string_view what) {
  return {ErrorCode::unsupported, std::string(what) + " is not offered by this backend",
          Error::Details{.backend = std::string(backend.name())}};
}

}  // namespace

std::string_view to_string(Support support) noexcept {
  constexpr std::array<std::string_view, 4> names{"missing", "weaker", "emulated", "native"};
  return names[static_cast<std::size_t>(support)];
}

std::string_view to_string(Feature feature) noexcept {
  constexpr std::array<std::string_view, feature_count> names{
      "best_effort",       "at_least_once",  "send_deduplication",
      "transactions",      "durable",        "shared",
      "exclusive",         "failover",       "earliest",
      "history",           "ephemeral",      "negative_acknowledge",
      "delayed_send",      "ordered_keys",   "attempts",
      "confirmed_ack",     "selective_ack",  "ack_after_reconnect",
      "ack_timeout",       "large_messages", "no_subscription_error",
      "subscriptions_api", "statistics",     "authentication",
      "encryption",        "link_loss",      "namespaces",
      "inline_delivery"};
  return names[static_cast<std::size_t>(feature)];
}

std::unique_ptr<Encoder> Backend::encoder(const schema::Type& type) {
  if (type.kind == schema::Kind::raw) return std::make_unique<RawEncoder>();
  return std::make_unique<JsonEncoder>(type, nulls_);
}

std::unique_ptr<Decoder> Backend::decoder(const schema::Type& type) {
  if (type.kind == schema::Kind::raw) return std::make_unique<RawDecoder>();
  return std::make_unique<JsonDecoder>(type, nulls_);
}

void Backend::create_subscription(const QueueName&, std::string_view, Position, Completion done) {
  const Error error = unsupported(*this, "creating a subscription without a consumer");
  done(&error);
}

void Backend::remove_subscription(const QueueName&, std::string_view, Completion done) {
  const Error error = unsupported(*this, "removing a subscription without a consumer");
  done(&error);
}

void Backend::statistics(const QueueName&, Result<QueueStatistics> done) {
  const Error error = unsupported(*this, "statistics");
  done(&error, {});
}

void Backend::create_namespace(const NamespaceConfig&, Result<NamespaceOutcome> done) {
  const Error error = unsupported(*this, "making namespaces");
  done(&error, {});
}

void Backend::create_inline_consumer(const QueueName&, std::shared_ptr<InlineSink>,
                                     Result<std::unique_ptr<InlineConsumer>> done) {
  const Error error = unsupported(*this, "handling messages on the thread that sends them");
  done(&error, nullptr);
}

void Backend::begin(std::string_view, Result<std::unique_ptr<Transaction>> done) {
  const Error error = unsupported(*this, "transactions");
  done(&error, nullptr);
}

}  // namespace omnibus::driver
