#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

struct Meaning {
  ErrorCode code;
  bool retryable;
  std::string_view name;
  std::string_view hint = {};
};

Meaning meaning(proto::ServerError code) {
  switch (code) {
    case proto::AuthenticationError:
      return {ErrorCode::authentication, false, "AuthenticationError",
              "give a valid token: --pulsar-api-key, or token= or token_file= in the URL"};
    case proto::AuthorizationError:
      return {ErrorCode::forbidden, false, "AuthorizationError",
              "the token lacks the right to this tenant or namespace"};
    case proto::ConsumerBusy:
      return {ErrorCode::conflict, false, "ConsumerBusy",
              "another consumer holds the subscription, or in another sharing mode"};
    case proto::ProducerBusy:
      return {ErrorCode::conflict, false, "ProducerBusy", "a producer of this name is connected already"};
    case proto::ProducerFenced:
      return {ErrorCode::conflict, false, "ProducerFenced", "another producer took over the topic"};
    case proto::ProducerBlockedQuotaExceededError:
    case proto::ProducerBlockedQuotaExceededException:
      return {ErrorCode::no_space, true, "ProducerBlockedQuotaExceeded",
              "the backlog quota is used up: consume, or raise it"};
    case proto::TopicNotFound:
      return {ErrorCode::not_found, false, "TopicNotFound",
              "create the tenant and the namespace: omnibus init, or pulsar-admin namespaces create"};
    case proto::SubscriptionNotFound:
      return {ErrorCode::not_found, false, "SubscriptionNotFound"};
    case proto::TopicTerminatedError:
      return {ErrorCode::not_found, false, "TopicTerminated", "the topic was terminated"};
    case proto::InvalidTopicName:
      return {ErrorCode::config, false, "InvalidTopicName"};
    case proto::IncompatibleSchema:
      return {ErrorCode::config, false, "IncompatibleSchema", "the topic has another schema"};
    case proto::UnsupportedVersionError:
      return {ErrorCode::unsupported, false, "UnsupportedVersion"};
    case proto::NotAllowedError:
      return {ErrorCode::forbidden, false, "NotAllowed"};
    case proto::TransactionCoordinatorNotFound:
      return {ErrorCode::unavailable, true, "TransactionCoordinatorNotFound",
              "set transactionCoordinatorEnabled=true on the broker"};
    case proto::TransactionConflict:
      return {ErrorCode::conflict, true, "TransactionConflict"};
    case proto::TransactionNotFound:
      return {ErrorCode::not_found, false, "TransactionNotFound"};
    case proto::InvalidTxnStatus:
      return {ErrorCode::conflict, false, "InvalidTxnStatus"};
    case proto::MetadataError:
      return {ErrorCode::unavailable, true, "MetadataError"};
    case proto::PersistenceError:
      return {ErrorCode::unavailable, true, "PersistenceError"};
    case proto::ServiceNotReady:
      return {ErrorCode::unavailable, true, "ServiceNotReady"};
    case proto::ChecksumError:
      return {ErrorCode::unavailable, true, "ChecksumError"};
    case proto::ConsumerNotFound:
      return {ErrorCode::unavailable, true, "ConsumerNotFound"};
    case proto::TooManyRequests:
      return {ErrorCode::unavailable, true, "TooManyRequests"};
    case proto::ConsumerAssignError:
      return {ErrorCode::unavailable, true, "ConsumerAssignError"};
    default:
      return {ErrorCode::unavailable, true, "UnknownError"};
  }
}

}  // namespace

Error make_error(ErrorCode code, std::string message, bool retryable, std::string hint) {
  return {code,
          std::move(message),
          {.retryable = retryable, .backend = "pulsar", .native = {}, .hint = std::move(hint)}};
}

Error link_error(std::string message) { return make_error(ErrorCode::unavailable, std::move(message), true); }

Error error_from(proto::ServerError code, const std::string& message, std::string_view what) {
  const Meaning known = meaning(code);
  return {known.code,
          std::string(what) + ": " + (message.empty() ? std::string(known.name) : message),
          {.retryable = known.retryable,
           .backend = "pulsar",
           .native = std::string(known.name),
           .hint = std::string(known.hint)}};
}

}  // namespace omnibus::pulsar
