#include "tool.hpp"

#include <csignal>
#include <cstdio>
#include <iostream>

#include <omnibus/base64.hpp>
#include <omnibus/catalogue/registry.hpp>
#include <omnibus/detail/nearest.hpp>
#include <omnibus/json.hpp>
#include <omnibus/raw.hpp>

namespace omnibus::app {
namespace {

volatile std::sig_atomic_t signalled = 0;

/// The body's status; --help and --version print what they ask for.
int status_of(const std::function<int()>& body) {
  try {
    return body();
  } catch (const Settings::Exit& exit) {
    (exit.status == exit_ok ? std::cout : std::cerr) << exit.text;
    return exit.status;
  }
}

}  // namespace

std::string exit_status_help(const ExitMeaning& meaning) {
  std::string out = "Exit status:\n";
  int status = exit_ok;
  for (const auto text : {meaning.ok, meaning.failed, meaning.usage, meaning.unavailable}) {
    if (!text.empty()) out.append("  ").append(std::to_string(status)).append("  ").append(text).append("\n");
    ++status;
  }
  return out;
}

void complain(std::string_view program, std::string_view text) {
  std::cerr << std::string(program).append(": ").append(text).append("\n");
}

void flush_output() {
  if (std::cout.flush()) return;
  throw Error(ErrorCode::io, "cannot write to standard output",
              {.hint = "is the disk that it goes to full?"});
}

int guarded(std::string_view program, const std::function<int()>& body) noexcept {
  try {
    const int status = status_of(body);
    flush_output();
    return status;
  } catch (...) {
    const auto error = to_error(std::current_exception());
    complain(program, error.what());
    return exit_status(error);
  }
}

Extra pairs_of(const Settings& settings, std::string_view flag) {
  Extra pairs;
  for (const auto& pair : settings.list(flag)) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("--" + std::string(flag) + " takes key=value, not '" + pair + "'");
    }
    pairs.insert_or_assign(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return pairs;
}

const schema::Type& find_type(std::string_view name) {
  if (name == "raw") return schema::type_of<Raw>();
  if (const auto* type = catalogue::find(name)) return *type;
  const auto near = detail::nearest(name, catalogue::names());
  throw ConfigError(
      "unknown message type '" + std::string(name) + "'",
      (near.empty() ? "" : "did you mean " + near + "? ") + "`omnibus message types` lists them");
}

void Value::parse(std::string_view json, const schema::JsonOptions& options) {
  if (type_->kind != schema::Kind::raw) return type_->decode_json(json, options, value_);
  std::string text;
  try {
    text = json::decode<std::string>(json);
  } catch (const DecodeError& error) {
    throw DecodeError(error.reason(), "raw", error.path(), error.offset());
  }
  auto bytes = base64::decode(text);
  if (!bytes) throw DecodeError("not base64", "raw", "$", 1);
  static_cast<Raw*>(value_)->bytes = std::move(*bytes);
}

std::string Value::str(const schema::JsonOptions& options) const {
  if (type_->kind == schema::Kind::raw)
    return '"' + base64::encode(static_cast<const Raw*>(value_)->bytes) + '"';
  std::string out;
  type_->encode_json(value_, options, out);
  return out;
}

std::string json_quote(std::string_view text) { return json::encode(std::string(text)); }

std::string json_error(const Error& error) {
  std::string out = R"({"error":{"code":)" + json_quote(to_string(error.code()));
  if (const auto* decode = dynamic_cast<const DecodeError*>(&error)) {
    out += ",\"message\":" + json_quote(decode->reason()) + ",\"path\":" + json_quote(decode->path()) +
           ",\"offset\":" + std::to_string(decode->offset());
  } else {
    out += ",\"message\":" + json_quote(error.what());
    if (const auto* encode = dynamic_cast<const EncodeError*>(&error))
      out += ",\"path\":" + json_quote(encode->path());
  }
  return out + "}}";
}

bool interrupted() noexcept { return signalled != 0; }

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { signalled = 1; };
  action.sa_flags = SA_RESETHAND;  // a second signal ends at once
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace omnibus::app
