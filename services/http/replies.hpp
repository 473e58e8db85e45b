#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/framework/flow.hpp>
#include <omnibus/log.hpp>

namespace omnibus::http {

/// Observes how long its life was.
class Stopwatch {
 public:
  /// In seconds, under `<name>` with the labels `id` and `flow` = flow and consumer.
  Stopwatch(const framework::Context& context, const std::string& name, const std::string& help);
  ~Stopwatch() { histogram_.observe(std::chrono::duration<double>(Clock::now() - begin_).count()); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Histogram& histogram_;
  const TimePoint begin_ = Clock::now();
};

/// The answers to one request, sent to `response`. Threads: one.
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

  void send(const Response& response) {
    try {
      producer_.send(response, properties_);
    } catch (...) {
      broken_ = true;
      throw;
    }
  }

  /// Runs `work`; the requester hears of its failure as what `refusal` makes of the reason.
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

}  // namespace omnibus::http
