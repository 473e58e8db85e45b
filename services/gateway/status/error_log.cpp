#include "services/gateway/status/error_log.hpp"

#include <utility>

#include "core/text.hpp"

namespace omnibus::gateway {

namespace {

void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  text.resize(text::prefix(text, limit).size());
  text += "…";
}

}  // namespace

void ErrorLog::note(FailedRequest failed) {
  cut(failed.text, longest_text);
  for (auto* name : {&failed.request, &failed.flow, &failed.service}) cut(*name, longest_name);
  failed.time = std::chrono::time_point_cast<SystemTime::duration>(std::chrono::system_clock::now());
  const std::lock_guard lock(mutex_);
  failed_.push_front(std::move(failed));
  if (failed_.size() > most) failed_.pop_back();
}

std::vector<FailedRequest> ErrorLog::last() const {
  const std::lock_guard lock(mutex_);
  return {failed_.begin(), failed_.end()};
}

}  // namespace omnibus::gateway
