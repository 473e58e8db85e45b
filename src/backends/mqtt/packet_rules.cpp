#include "backends/mqtt/packet_rules.hpp"

namespace omnibus::mqtt {

bool may_hold(Type type, Reason reason) noexcept {
  if (is_failure(reason)) return type != Type::auth && reason <= Reason::wildcards_not_supported;
  switch (type) {
    case Type::puback:
    case Type::pubrec:
      return reason == Reason::success || reason == Reason::no_matching_subscribers;
    case Type::suback:
      return reason <= Reason::granted_qos_2;
    case Type::unsuback:
      return reason == Reason::success || reason == Reason::no_subscription_existed;
    case Type::disconnect:
      return reason == Reason::success || reason == Reason::disconnect_with_will;
    case Type::auth:
      return reason == Reason::success || reason == Reason::continue_authentication ||
             reason == Reason::reauthenticate;
    default:
      return reason == Reason::success;
  }
}

const char* fault_of(const Subscribe::Filter& filter) noexcept {
  if (filter.qos > 2) return "the QoS of a filter is 3";
  if (filter.retain_handling > 2) return "the retain handling of a filter is 3";
  // [MQTT-3.8.3-4]
  if (filter.no_local && filter.filter.starts_with("$share/"))
    return "a shared subscription leaves out its own messages";
  return nullptr;
}

}  // namespace omnibus::mqtt
