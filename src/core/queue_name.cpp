#include <omnibus/queue_name.hpp>

#include <omnibus/error.hpp>

#include "core/text.hpp"

namespace omnibus {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t kept_prefix = 150;
constexpr std::string_view expected = "expected {q0|q1|q2}/{tenant}/{namespace}/{queue}";

[[noreturn]] void malformed(std::string_view text, std::string_view reason) {
  throw ConfigError("malformed queue name " + text::quoted(text) + ": " + std::string(reason) + ", " +
                    std::string(expected));
}

/// Checks one text by the rules of names; the reason, or empty.
std::string_view flaw(std::string_view text) {
  if (!text::is_utf8(text)) return "not well-formed UTF-8";
  if (text::has_control(text)) return "control characters are not allowed";
  if (text.size() > longest_name) return "longer than 200 bytes";
  return {};
}

bool has_empty_part(std::string_view path) {
  return path.empty() || path.front() == '/' || path.back() == '/' ||
         path.find("//") != std::string_view::npos;
}

Qos parse_qos(std::string_view text, std::string_view part) {
  if (part == "q0") return Qos::best_effort;
  if (part == "q1") return Qos::at_least_once;
  if (part == "q2") return Qos::exactly_once;
  malformed(text, "quality of service " + text::quoted(part) + " is none of q0, q1, q2");
}

/// Throws for `name`, which was given as `text`.
void check(const QueueName& name, std::string_view text) {
  if (name.tenant.empty() || name.space.empty() || has_empty_part(name.name))
    malformed(text, "a part is empty");
  if (name.tenant.find('/') != std::string::npos || name.space.find('/') != std::string::npos) {
    malformed(text, "tenant and namespace may not hold '/'");
  }
  if (const auto reason = flaw(name.str()); !reason.empty()) malformed(text, reason);
}

QueueName parse_path(std::string_view text, Qos qos, std::string_view path) {
  const std::size_t first = path.find('/');
  const std::size_t second = first == std::string_view::npos ? first : path.find('/', first + 1);
  if (second == std::string_view::npos) malformed(text, "a part is missing");
  QueueName name{.name = std::string(path.substr(second + 1)),
                 .qos = qos,
                 .tenant = std::string(path.substr(0, first)),
                 .space = std::string(path.substr(first + 1, second - first - 1))};
  check(name, text);
  return name;
}

}  // namespace

std::string_view to_string(Qos qos) noexcept {
  switch (qos) {
    case Qos::best_effort:
      return "q0";
    case Qos::at_least_once:
      return "q1";
    case Qos::exactly_once:
      return "q2";
  }
  return "q?";
}

QueueName QueueName::parse(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::string_view kind = text.substr(0, scheme);
    const std::string_view path = text.substr(scheme + 3);
    if (kind == "persistent") return parse_path(text, Qos::at_least_once, path);
    if (kind == "non-persistent") return parse_path(text, Qos::best_effort, path);
    // A queue part may hold "://" itself; what comes before the first '/' decides.
    if (text.find('/') == scheme + 1) malformed(text, "unknown scheme " + text::quoted(kind));
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) malformed(text, "a part is missing");
  return parse_path(text, parse_qos(text, text.substr(0, slash)), text.substr(slash + 1));
}

std::string QueueName::str() const {
  std::string out;
  out.reserve(5 + tenant.size() + space.size() + name.size());
  out.append(to_string(qos)).append("/").append(tenant).append("/").append(space).append("/").append(name);
  return out;
}

std::string QueueName::persistent_uri() const {
  const std::string_view scheme = qos == Qos::best_effort ? "non-persistent://" : "persistent://";
  return std::string(scheme) + tenant + "/" + space + "/" + name;
}

void validate(const QueueName& name) { check(name, name.str()); }

void validate_subscription(std::string_view subscription) {
  const std::string_view reason = subscription.empty() ? "it is empty" : flaw(subscription);
  if (reason.empty()) return;
  throw ConfigError("malformed subscription name " + text::quoted(subscription) + ": " + std::string(reason) +
                    ", expected 1 to 200 bytes of text");
}

QueueName topic(std::string_view name, Qos qos, std::string_view tenant, std::string_view space) {
  QueueName queue{
      .name = std::string(name), .qos = qos, .tenant = std::string(tenant), .space = std::string(space)};
  validate(queue);
  return queue;
}

std::string derived_name(std::string_view base, std::string_view suffix) {
  std::string whole(base);
  whole += suffix;
  if (whole.size() <= longest_name) return whole;
  std::string out(text::prefix(base, kept_prefix));
  out.append("--").append(text::hex16(text::hash(whole))).append(suffix);
  return out;
}

QueueName dead_letter_queue(const QueueName& queue, std::string_view subscription) {
  const std::string base = queue.str() + "--" + std::string(subscription);
  const std::size_t fixed = queue.str().size() - queue.name.size();
  if (fixed < kept_prefix || base.size() + 6 <= longest_name) {
    return QueueName::parse(derived_name(base, "--dead"));
  }
  // Tenant and namespace alone pass the kept prefix: cutting there would change them.
  QueueName short_name = queue;
  short_name.name = text::hex16(text::hash(base + "--dead")) + "--dead";
  validate(short_name);
  return short_name;
}

}  // namespace omnibus
