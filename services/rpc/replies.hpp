#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <omnibus/framework/flow.hpp>
#include <omnibus/log.hpp>

#include "services/rpc/request_error.hpp"

namespace omnibus::rpc {

/// The answers of a flow's service to one request, sent to `response`. Threads: one.
template <class Response>
class Replies {
 public:
  /// `what` names the request in errors. Errors: ConfigError when the request has no id, so that nobody can
  /// be answered.
  template <class Request>
  Replies(const framework::Context& context, const Message<Request>& request, std::string_view what)
      : producer_(context.in->producer<Response>("response")) {
    const auto* id = request.properties().find("id");
    if (id == nullptr) {
      throw ConfigError(std::string(what) + " request has no property 'id', so nobody can be answered");
    }
    properties_.set("id", *id);
  }

  /// Returns when the broker has it. Errors: as framework::Producer::send.
  void send(const Response& response) {
    broken_ = true;
    try {
      producer_.send(response, properties_);
    } catch (const Error& error) {
      broken_ = !never_fits(error);
      throw;
    }
    broken_ = false;
  }

  /// Runs `work`; the requester hears of its failure, and of an answer that no message can hold, as what
  /// `refusal` makes of the reason.
  /// Errors: TooManyRequests and ClosedError, with which the request comes again, as does what could not be
  /// sent.
  template <class Work, class Refusal>
  void guarded(Work work, Refusal refusal) {
    try {
      work();
    } catch (const TooManyRequests&) {
      throw;
    } catch (const ClosedError&) {
      throw;
    } catch (const std::exception& failure) {
      if (broken_) throw;
      log::write(log::Level::warning, std::string("a request failed: ") + failure.what());
      send(refusal(std::string(failure.what())));
    }
  }

 private:
  framework::Producer<Response>& producer_;
  Properties properties_;
  bool broken_ = false;  // the last send failed: the requester cannot be told anything
};

}  // namespace omnibus::rpc
