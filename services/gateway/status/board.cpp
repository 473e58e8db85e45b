#include "services/gateway/status/board.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/status/report.hpp"
#include "services/gateway/status/survey.hpp"

namespace omnibus::gateway {

namespace {

/// Beyond it a rate would tell of a time that nobody looked at.
constexpr auto longest_interval = std::chrono::seconds(10);

Answer failure(const std::string& why) {
  constexpr unsigned unavailable = 503;
  return {.body = boost::json::serialize(boost::json::object{{"error", why}}), .status = unavailable};
}

}  // namespace

StatusBoard::StatusBoard(Bus bus, std::string id, Watched global, std::shared_ptr<const ErrorLog> errors,
                         bool whole_system, Duration fresh)
    : bus_(std::move(bus)),
      id_(std::move(id)),
      global_(std::move(global)),
      whole_system_(whole_system),
      fresh_(fresh),
      errors_(std::move(errors)),
      watched_(std::make_shared<const Watched>(global_)) {}

void StatusBoard::configure(const framework::Configuration& configuration) {
  auto watched = global_;
  watch_flows(watched, configuration);
  auto next = std::make_shared<const Watched>(std::move(watched));
  const std::lock_guard lock(mutex_);
  watched_.swap(next);
  made_ = TimePoint::min();
}

void StatusBoard::ask(Reply reply) {
  std::string status;
  bool make_it = false;
  {
    const std::lock_guard lock(mutex_);
    if (!making_ && made_ != TimePoint::min() && Clock::now() - made_ < fresh_) {
      status = status_;
    } else {
      waiting_.push_back(reply);
      make_it = !std::exchange(making_, true);
    }
  }
  if (!status.empty()) {
    reply({.body = std::move(status)});
    return;
  }
  if (!make_it) return;
  try {
    bus_.post([self = shared_from_this()] { self->make(); });
  } catch (const Error& error) {  // the Bus is closed
    std::vector<Reply> waiting;
    {
      const std::lock_guard lock(mutex_);
      making_ = false;
      waiting.swap(waiting_);
    }
    for (const auto& each : waiting) each(failure(error.what()));
  }
}

void StatusBoard::make() {
  Answer answer;
  try {
    answer.body = collect();
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("gateway: no status: ") + error.what());
    answer = failure(error.what());
  }
  std::vector<Reply> waiting;
  {
    const std::lock_guard lock(mutex_);
    making_ = false;
    waiting.swap(waiting_);
    if (answer.status == 200) {
      status_ = answer.body;
      made_ = Clock::now();
    }
  }
  for (const auto& each : waiting) each(answer);
}

std::string StatusBoard::collect() {
  std::shared_ptr<const Watched> watched;
  {
    const std::lock_guard lock(mutex_);
    watched = watched_;
  }
  const auto found = survey(bus_, *watched);
  Reading now{Clock::now(), read_traffic(bus_.metrics().text())};
  const bool recent = before_ && now.time - before_->time < longest_interval;
  Report report{.watched = *watched,
                .survey = found,
                .traffic = now.traffic,
                .before = recent ? &before_->traffic : nullptr,
                .between = recent ? now.time - before_->time : Duration::zero(),
                .whole_system = whole_system_};
  auto status = to_json(report);
  add_process(status, id_, bus_.backend(), now.time - began_);
  add_errors(status, errors_->last());
  before_ = std::move(now);
  return boost::json::serialize(status);
}

}  // namespace omnibus::gateway
