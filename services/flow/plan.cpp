#include "services/flow/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

#include <omnibus/error.hpp>
#include <omnibus/queue_name.hpp>

#include "services/flow/parameters.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::flow {
namespace {

namespace bj = boost::json;

bj::object parse_object(const std::string& text, const std::string& what) {
  auto parsed = json::parse(text, what);
  if (!parsed.is_object()) throw ConfigError(what + " is not a JSON object");
  return std::move(parsed.get_object());
}

/// One flow of one blueprint, ready to fill placeholders in.
class Template {
 public:
  Template(const config::Values& values, std::string name, std::string id)
      : name_(std::move(name)), id_(std::move(id)) {
    const auto* text = find(values, blueprint_type, name_);
    if (text == nullptr) throw Error(ErrorCode::not_found, "Blueprint does not exist");
    sections_ = parse_object(*text, what());
  }

  const bj::object& sections() const noexcept { return sections_; }
  void fill_with(Parameters parameters) { parameters_ = std::move(parameters); }
  const Parameters& parameters() const noexcept { return parameters_; }

  std::string what() const { return "blueprint '" + name_ + "'"; }
  std::string fill(std::string_view text) const { return substitute(text, name_, id_, parameters_); }
  std::string fill(const bj::value& text, const std::string& where) const {
    if (!text.is_string()) throw ConfigError(what() + ": " + where + " is not text");
    return fill(text.get_string());
  }

  const bj::object& mandatory(std::string_view section) const {
    const auto* found = sections_.if_contains(section);
    if (found == nullptr) throw ConfigError(what() + " has no section '" + std::string(section) + "'");
    if (!found->is_object()) {
      throw ConfigError(what() + ": section '" + std::string(section) + "' is not a JSON object");
    }
    return found->get_object();
  }

 private:
  std::string name_, id_;
  bj::object sections_;
  Parameters parameters_;
};

/// A key of a section, "<processor>:<variant>", the variant filled in.
std::pair<std::string, std::string> split_key(const Template& blueprint, std::string_view key) {
  const auto colon = key.find(':');
  if (colon == std::string_view::npos) {
    throw ConfigError(blueprint.what() + ": '" + std::string(key) +
                      "' is not of the form <processor>:<variant>");
  }
  return {std::string(key.substr(0, colon)), blueprint.fill(key.substr(colon + 1))};
}

/// The names under which processors and gateway expect a queue and nothing else.
bool always_a_queue(std::string_view name) {
  return name == "input" || name == "output" || name == "request" || name == "response";
}

/// Whether `text` begins as `q<digits>/`.
bool has_quality(std::string_view text) {
  if (!text.starts_with('q')) return false;
  const auto slash = text.find_first_not_of("0123456789", 1);
  return slash != std::string_view::npos && slash > 1 && text[slash] == '/';
}

/// Whether `text` begins with a URL's scheme and "://".
bool has_scheme(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_letter(text.front())) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

/// Whether the blueprint's text is one placeholder and nothing else: then its value is the user's.
bool is_placeholder(std::string_view text) {
  return text.starts_with('{') && text.find('}') == text.size() - 1;
}

/// What `raw` of the blueprint becomes. What is or looks like a queue must be one, so that a mistake is told
/// here and not in every processor's log; other values stay as they are, also a parameter that holds a
/// server's URL.
std::string fill_value(const Template& blueprint, std::string_view name, const bj::value& raw,
                       const std::string& where) {
  auto text = blueprint.fill(raw, where);
  const bool own_queue = text.starts_with("persistent://") || text.starts_with("non-persistent://");
  const bool foreign = !own_queue && has_scheme(text) && !is_placeholder(raw.get_string());
  if (!always_a_queue(name) && !has_quality(text) && !own_queue && !foreign) return text;
  try {
    QueueName::parse(text);
  } catch (const ConfigError& error) {
    throw error.with_context(blueprint.what() + ": " + where);
  }
  return text;
}

/// `active-flow`, read as needed, changed in memory.
class ActiveFlows {
 public:
  explicit ActiveFlows(const config::Values& values) : values_(values) {}

  void add(const std::string& processor, const std::string& variant, bj::object definition) {
    auto& entry = open(processor);
    if (entry.variants.contains(variant)) return;
    entry.variants[variant] = std::move(definition);
    entry.changed = true;
  }
  void remove(const std::string& processor, const std::string& variant) {
    auto& entry = open(processor);
    entry.changed = entry.variants.erase(variant) > 0 || entry.changed;
  }
  void write(config::Change& change) const {
    for (const auto& [processor, entry] : entries_) {
      if (!entry.changed) continue;
      change.put.push_back({std::string(active_type), processor, json::dump(entry.variants)});
    }
  }

 private:
  struct Entry {
    bj::object variants;
    bool changed = false;
  };
  Entry& open(const std::string& processor) {
    const auto [found, fresh] = entries_.try_emplace(processor);
    if (fresh) {
      const auto* text = find(values_, active_type, processor);
      if (text != nullptr) found->second.variants = parse_object(*text, "active-flow '" + processor + "'");
    }
    return found->second;
  }

  const config::Values& values_;
  std::map<std::string, Entry> entries_;
};

bj::object fill_definition(const Template& blueprint, std::string_view key, const bj::value& names) {
  const auto where = "'" + std::string(key) + "'";
  if (!names.is_object()) throw ConfigError(blueprint.what() + ": " + where + " is not a JSON object");
  bj::object out;
  for (const auto& [name, text] : names.get_object()) {
    out[blueprint.fill(name)] = fill_value(blueprint, name, text, where + " '" + std::string(name) + "'");
  }
  return out;
}

bj::object fill_interfaces(const Template& blueprint) {
  const auto* section = blueprint.sections().if_contains("interfaces");
  if (section == nullptr) return {};
  bj::object out;
  for (const auto& [name, value] : blueprint.mandatory("interfaces")) {
    const auto where = "interface '" + std::string(name) + "'";
    if (!value.is_object()) {
      out[name] = fill_value(blueprint, name, value, where);
      continue;
    }
    bj::object parts;
    for (const auto& [part, text] : value.get_object()) {
      parts[part] = fill_value(blueprint, part, text, where + " '" + std::string(part) + "'");
    }
    out[name] = std::move(parts);
  }
  return out;
}

bj::object as_object(const Parameters& parameters) {
  bj::object out;
  for (const auto& [name, text] : parameters) out[name] = text;
  return out;
}

Parameters stored_parameters(const bj::object& flow) {
  Parameters out;
  const auto* stored = flow.if_contains("parameters");
  if (stored == nullptr || !stored->is_object()) return out;
  for (const auto& [name, value] : stored->get_object()) out.emplace_back(name, json::python_text(value));
  return out;
}

}  // namespace

const std::string* find(const config::Values& values, std::string_view type, std::string_view key) {
  const auto keys = values.find(std::string(type));
  if (keys == values.end()) return nullptr;
  const auto value = keys->second.find(std::string(key));
  return value == keys->second.end() ? nullptr : &value->second;
}

config::Change plan_start(const config::Values& values, const Start& start) {
  if (!start.blueprint) throw ConfigError("No blueprint name");
  if (!start.id) throw ConfigError("No flow ID");
  if (find(values, flow_type, *start.id) != nullptr) {
    throw Error(ErrorCode::conflict, "Flow already exists");
  }
  if (!start.description) throw ConfigError("No description");

  Template blueprint(values, *start.blueprint, *start.id);
  const auto type = [&](std::string_view name) -> std::optional<std::string> {
    const auto* text = find(values, parameter_type, name);
    if (text == nullptr) return std::nullopt;
    return *text;
  };
  blueprint.fill_with(resolve_parameters(blueprint.sections(), type, start.parameters));

  config::Change change;
  ActiveFlows active(values);
  for (const std::string_view section : {"blueprint", "flow"}) {
    for (const auto& [key, names] : blueprint.mandatory(section)) {
      const auto [processor, variant] = split_key(blueprint, key);
      active.add(processor, variant, fill_definition(blueprint, key, names));
    }
  }
  active.write(change);
  const bj::object flow{{"description", *start.description},
                        {"blueprint-name", *start.blueprint},
                        {"interfaces", fill_interfaces(blueprint)},
                        {"parameters", as_object(blueprint.parameters())}};
  change.put.push_back({std::string(flow_type), *start.id, json::dump(flow)});
  return change;
}

config::Change plan_stop(const config::Values& values, const std::optional<std::string>& id) {
  if (!id) throw ConfigError("No flow ID");
  const auto* text = find(values, flow_type, *id);
  if (text == nullptr) throw Error(ErrorCode::not_found, "Flow ID invalid");
  const auto flow = parse_object(*text, "flow '" + *id + "'");
  const auto* name = flow.if_contains("blueprint-name");
  if (name == nullptr || !name->is_string()) {
    throw ConfigError("Internal error: flow '" + *id + "' has no blueprint name");
  }

  Template blueprint(values, std::string(name->get_string()), *id);
  blueprint.fill_with(stored_parameters(flow));
  config::Change change;
  ActiveFlows active(values);
  for (const auto& entry : blueprint.mandatory("flow")) {
    const auto [processor, variant] = split_key(blueprint, entry.key());
    active.remove(processor, variant);
  }
  active.write(change);
  change.remove.push_back({std::string(flow_type), *id});
  return change;
}

}  // namespace omnibus::flow
