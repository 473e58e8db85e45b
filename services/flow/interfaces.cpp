#include "services/flow/interfaces.hpp"

#include "services/json/python_text.hpp"

namespace omnibus::flow {

std::optional<Interfaces> interfaces_of(const std::string& flow, const std::string& definition) {
  const auto parsed = json::parse(definition, "flow '" + flow + "'");
  const auto* all = parsed.is_object() ? parsed.get_object().if_contains("interfaces") : nullptr;
  if (all == nullptr || !all->is_object()) return std::nullopt;
  Interfaces out;
  for (const auto& [name, queue] : all->get_object()) {
    if (queue.is_string()) out.emplace(name, queue.get_string());
  }
  return out;
}

}  // namespace omnibus::flow
