#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// The spec's quality of service: best effort (q0), at least once (q1), exactly once (q2).
enum class Qos : std::uint8_t { best_effort, at_least_once, exactly_once };

/// "q0", "q1" or "q2".
std::string_view to_string(Qos qos) noexcept;

/// A broker-neutral queue name, `{q0|q1|q2}/{tenant}/{namespace}/{queue}`; the queue part may hold ':' and
/// '/'. Limits: no empty part, no control characters, well-formed UTF-8, at most 200 bytes in all. Source:
/// the spec, "Generic Queue Naming Format".
struct QueueName {
  std::string name;  ///< the queue part
  Qos qos = Qos::at_least_once;
  std::string tenant = "tg";
  std::string space = "flow";

  /// Accepts also `persistent://t/n/x` (= q1/t/n/x) and `non-persistent://t/n/x` (= q0/t/n/x).
  /// Errors: ConfigError naming the text and the expected form.
  static QueueName parse(std::string_view text);

  std::string str() const;
  /// Pulsar's form: `persistent://t/n/x` for q1 and q2, `non-persistent://t/n/x` for q0.
  std::string persistent_uri() const;

  friend bool operator==(const QueueName&, const QueueName&) = default;
  friend auto operator<=>(const QueueName&, const QueueName&) = default;
};

/// Throws ConfigError when a part is empty, malformed or too long.
void validate(const QueueName& name);

/// The same limits for a subscription's name.
void validate_subscription(std::string_view subscription);

/// `q1/tg/flow/<name>` unless told otherwise. Source: the spec's topic helper.
QueueName topic(std::string_view name, Qos qos = Qos::at_least_once, std::string_view tenant = "tg",
                std::string_view space = "flow");

/// `base` followed by `suffix`; when that passes 200 bytes, the first 150 bytes of `base`, "--", 16 hex
/// digits of a hash of the whole, and the suffix.
std::string derived_name(std::string_view base, std::string_view suffix);

/// Where messages of `queue` that `subscription` gave up on go:
/// `{qos}/{tenant}/{ns}/{queue}--{subscription}--dead`.
QueueName dead_letter_queue(const QueueName& queue, std::string_view subscription);

}  // namespace omnibus
OMNIBUS_EXPORT_END
