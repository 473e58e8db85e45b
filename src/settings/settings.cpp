#include <omnibus/settings.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <omnibus/exit_status.hpp>
#include <omnibus/queue_name.hpp>

#include "settings/parsing.hpp"

namespace omnibus {

namespace settings {
namespace {

const std::vector<std::string> levels = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

Flags connection_flags() {
  Flags flags;
  flags
      .text("pubsub-url", "the broker's URL, above --pubsub-backend and its flags", std::nullopt,
            "PUBSUB_URL")
      .secret()
      .choice("pubsub-backend", "the kind of broker", known_backends(), "pulsar", "PUBSUB_BACKEND")
      .text("pulsar-host", "Pulsar's URL", "pulsar://localhost:6650", "PULSAR_HOST", 'p')
      .text("pulsar-api-key", "Pulsar's token", std::nullopt, "PULSAR_API_KEY")
      .secret()
      .text("pulsar-listener", "the advertised listener to use", std::nullopt, "PULSAR_LISTENER")
      .text("mqtt-host", "the MQTT broker's host", "localhost", "MQTT_HOST")
      .port("mqtt-port", "the MQTT broker's port", 1883, "MQTT_PORT")
      .text("mqtt-username", "MQTT user", std::nullopt, "MQTT_USERNAME")
      .text("mqtt-password", "MQTT password", std::nullopt, "MQTT_PASSWORD")
      .secret()
      .choice("json-nulls",
              "how an absent optional field is written: left out, or as null for Python services",
              {"omit", "emit"}, "omit", "PUBSUB_JSON_NULLS")
      .text("instance", "names this process to the broker; by default host, program and a free slot")
      .size("max-buffered", "most bytes received and not yet handled", "256MiB");
  return flags;
}

Flags process_flags(const std::string& id) {
  Flags flags;
  flags.text("id", "the processor's id: names its subscriptions and metrics", id)
      .text("config-push-queue", "where the configuration is pushed", "q2/tg/config/config")
      .duration("shutdown-timeout", "how long a stop may take to finish running work", "10s");
  return flags;
}

Flags observability_flags(bool metrics) {
  Flags flags;
  flags.choice("log-level", "least severe record that is logged", levels, "INFO", {}, 'l');
  if (metrics) {
    flags.flag("metrics", "serve /metrics, /healthz and /readyz", true)
        .port("metrics-port", "where they are served", 8000, {}, 'P');
  }
  return flags;
}

bool has(const Flags& flags, const std::string& name) {
  return std::any_of(flags.definitions().begin(), flags.definitions().end(),
                     [&](const Definition& definition) { return definition.name == name; });
}

Group group(std::string title, const Flags& flags, const Flags* own) {
  Group result{std::move(title), {}};
  for (const auto& definition : flags.definitions()) {
    if (own == nullptr || !has(*own, definition.name)) result.definitions.push_back(definition);
  }
  if (own == nullptr) return result;
  for (auto& definition : result.definitions) {
    const auto same = [&](const Definition& other) { return other.shorthand == definition.shorthand; };
    if (std::any_of(own->definitions().begin(), own->definitions().end(), same)) definition.shorthand = '\0';
  }
  return result;
}

}  // namespace

std::vector<Group> all_groups(const Settings::About& about, const Flags& own) {
  std::vector<Group> result;
  Group arguments{"Arguments", {}};
  Group flags{"Flags", {}};
  for (const auto& definition : own.definitions()) {
    auto& target = definition.kind == Definition::Kind::positional ? arguments : flags;
    target.definitions.push_back(definition);
  }
  result.push_back(std::move(arguments));
  result.push_back(std::move(flags));
  if (about.common == Settings::Common::none) return result;
  const bool processor = about.common == Settings::Common::processor;
  if (processor) result.push_back(group("Process", process_flags(about.id), &own));
  auto connection = connection_flags();
  result.push_back(group("Broker", connection, &own));
  result.push_back(group("Log and metrics", observability_flags(processor), &own));
  return result;
}

namespace {

void check_all(const std::vector<Group>& groups, GivenMap& given) {
  for (const auto& each : groups) {
    for (const auto& definition : each.definitions) {
      const auto found = given.find(definition.name);
      if (found == given.end()) continue;
      for (auto& value : found->second.values) value = checked(definition, found->second.source, value);
    }
  }
}

log::Level level_of(const std::string& name) {
  const auto index = std::find(levels.begin(), levels.end(), name) - levels.begin();
  return static_cast<log::Level>(index);
}

void fill_connection(Settings& result, const Settings::About& about, const GivenMap& given) {
  result.pubsub_url = resolve_url(about, given);
  result.bus.nulls = result.text("json-nulls") == "emit" ? Nulls::emit : Nulls::omit;
  result.bus.instance = result.maybe("instance").value_or("");
  result.bus.max_buffered = result.size("max-buffered");
  if (result.bus.max_buffered == 0) throw ConfigError("--max-buffered: must be above 0");
  result.log_level = level_of(result.text("log-level"));
}

void fill_process(Settings& result) {
  result.id = result.text("id");
  if (result.id.empty()) throw ConfigError("--id: must not be empty");
  result.config_push_queue = result.text("config-push-queue");
  (void)QueueName::parse(result.config_push_queue);
  result.metrics = result.flag("metrics");
  result.metrics_port = result.port("metrics-port");
  result.shutdown_timeout = result.duration("shutdown-timeout");
}

}  // namespace
}  // namespace settings

Settings Settings::parse(const About& about, const std::vector<std::string>& arguments, const Flags& own) {
  const auto groups = settings::all_groups(about, own);
  auto given = settings::read(about, groups, arguments);
  settings::check_all(groups, given);
  Settings result;
  result.program = about.program;
  result.id = about.id;
  for (const auto& each : groups) {
    for (const auto& definition : each.definitions)
      result.values[definition.name] = given[definition.name].values;
  }
  if (about.common != Common::none) settings::fill_connection(result, about, given);
  if (about.common == Common::processor) settings::fill_process(result);
  return result;
}

Settings Settings::from(int argc, char** argv, const Flags& own) {
  About about;
  const std::string path = argc > 0 ? argv[0] : "program";
  about.program = path.substr(path.find_last_of('/') + 1);
  about.id = about.program;
  try {
    auto result = parse(about, std::vector<std::string>(argv + std::min(argc, 1), argv + argc), own);
    result.apply_log();
    return result;
  } catch (const Exit& exit) {
    std::cout << exit.text << std::flush;
    std::exit(exit.status);
  } catch (const Error& error) {
    std::cerr << about.program << ": " << error.what() << std::endl;
    std::exit(exit_status(error));
  }
}

void Settings::apply_log() const {
  log::set_id(id.empty() ? program : id);
  log::set_level(log_level);
}

std::optional<std::string> Settings::maybe(std::string_view flag) const {
  const auto found = values.find(flag);
  if (found == values.end()) {
    throw Error(ErrorCode::internal, "no flag --" + std::string(flag) + " in " + program);
  }
  if (found->second.empty()) return std::nullopt;
  return found->second.back();
}

namespace {

template <class Value>
Value expected(std::optional<Value> value, std::string_view flag, const char* kind) {
  if (!value) throw Error(ErrorCode::internal, "flag --" + std::string(flag) + " holds no " + kind);
  return *value;
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string Settings::text(std::string_view flag) const { return maybe(flag).value_or(""); }
std::int64_t Settings::integer(std::string_view flag) const {
  return expected(number_in<std::int64_t>(text(flag)), flag, "whole number");
}
double Settings::number(std::string_view flag) const {
  return expected(number_in<double>(text(flag)), flag, "number");
}
Duration Settings::duration(std::string_view flag) const {
  return expected(parse_duration(text(flag)), flag, "time");
}
std::size_t Settings::size(std::string_view flag) const {
  return expected(parse_size(text(flag)), flag, "size");
}
std::uint16_t Settings::port(std::string_view flag) const {
  return expected(number_in<std::uint16_t>(text(flag)), flag, "port");
}
bool Settings::flag(std::string_view flag) const { return text(flag) == "true"; }

std::vector<std::string> Settings::list(std::string_view flag) const {
  (void)maybe(flag);
  return values.find(flag)->second;
}

}  // namespace omnibus
