#include "conformance/harness.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "conformance/options.hpp"

namespace omnibus::conformance {
namespace {

std::string with_parameters(const std::string& url, const std::string& parameters) {
  if (parameters.empty()) return url;
  return url + (url.find('?') == std::string::npos ? "?" : "&") + parameters;
}

/// The parameters of the embedded backend that set these limits.
std::string embedded_parameters(const Bounds& bounds) {
  std::string parameters;
  const auto add = [&parameters](std::string_view name, const std::string& value) {
    parameters.append(parameters.empty() ? "" : "&").append(name).append("=").append(value);
  };
  if (bounds.retention_bytes != 0) add("retention_bytes", std::to_string(bounds.retention_bytes));
  if (bounds.retention_time != Duration::zero()) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(bounds.retention_time);
    add("retention_time", std::to_string(time.count()) + "ms");
  }
  if (bounds.hard_limit_bytes != 0) add("hard_limit", std::to_string(bounds.hard_limit_bytes));
  return parameters;
}

/// What cannot be a store.
std::vector<Unreachable> impossible_stores(const std::string& directory) {
  const std::string file = directory + "/file";
  std::ofstream(file) << "not a directory\n";
  return {{.url = "embedded://" + file, .codes = {ErrorCode::io, ErrorCode::config}, .mentions = file},
          {.url = "embedded:///proc/omnibus/store",
           .codes = {ErrorCode::io, ErrorCode::forbidden, ErrorCode::not_found, ErrorCode::unavailable},
           .mentions = "/proc/omnibus"}};
}

/// `embedded://`: the broker is an engine inside this process. It lives as long as a Bus of it does, so the
/// harness holds one.
class InProcessHarness final : public Harness {
 public:
  explicit InProcessHarness(const std::string& url)
      : url_(url == "embedded://" ? "embedded://conformance" : url), anchor_(connect(url_)) {}

  std::string url() const override { return url_; }
  void stop() override { anchor_->close(); }
  void start() override { anchor_.emplace(connect(url_)); }
  std::optional<std::string> bounded(const Bounds& bounds) override {
    return with_parameters("embedded://bounded" + std::to_string(++bounded_), embedded_parameters(bounds));
  }
  std::vector<Unreachable> unreachable() const override { return impossible_stores(scratch_.path()); }

 private:
  ScratchDirectory scratch_;
  std::string url_;
  std::optional<Bus> anchor_;
  int bounded_ = 0;
};

/// `embedded:///path`: the broker is a directory. It is stopped when no process has it open.
class DirectoryHarness final : public Harness {
 public:
  explicit DirectoryHarness(const std::string& url) {
    constexpr std::string_view placeholder = "{scratch}";
    url_ = url;
    if (const auto at = url_.find(placeholder); at != std::string::npos) {
      // The path is absolute; `embedded:///{scratch}` reads better and means the same.
      const bool slash = url_.substr(0, at).ends_with(":///");
      url_.replace(at, placeholder.size(), (scratch_.path() + "/store").substr(slash ? 1 : 0));
    }
    if (const auto query = url.find('?'); query != std::string::npos) query_ = url.substr(query + 1);
  }

  std::string url() const override { return url_; }
  void stop() override {}
  void start() override {}
  std::optional<std::string> bounded(const Bounds& bounds) override {
    const auto plain = "embedded://" + scratch_.path() + "/bounded" + std::to_string(++bounded_);
    return with_parameters(with_parameters(plain, query_), embedded_parameters(bounds));
  }
  std::vector<Unreachable> unreachable() const override { return impossible_stores(scratch_.path()); }

 private:
  ScratchDirectory scratch_;
  std::string url_;
  std::string query_;
  int bounded_ = 0;
};

/// Resets every TCP connection of this process: both ends see it break, what was under way is lost.
void reset_connections() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename().string());
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) continue;
    // connect(2): "Connection-oriented protocol sockets may dissolve the association by connecting to an
    // address with the sa_family member of sockaddr set to AF_UNSPEC".
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    ::connect(descriptor, &nobody, sizeof nobody);
  }
}

/// A broker that runs outside; `--restart-command` stops and starts it.
class ExternalHarness final : public Harness {
 public:
  explicit ExternalHarness(std::string url) : url_(std::move(url)) {}

  std::string url() const override { return url_; }
  void stop() override { run("stop"); }
  void start() override { run("start"); }
  void kill() override { run("kill"); }
  void freeze() override { run("freeze"); }
  void thaw() override { run("thaw"); }
  void cut() override { reset_connections(); }
  std::optional<std::string> bounded(const Bounds&) override { return std::nullopt; }
  std::vector<Unreachable> unreachable() const override {
    // Port 1 of the loopback interface: nothing listens there.
    const auto scheme = url_.substr(0, url_.find("://"));
    return {{.url = scheme + "://127.0.0.1:1", .codes = {ErrorCode::unavailable}, .mentions = "127.0.0.1"}};
  }
  std::optional<std::string> bad_credentials() const override { return told(options().bad_credentials_url); }
  std::optional<std::string> bad_certificate() const override { return told(options().bad_certificate_url); }

 private:
  static std::optional<std::string> told(const std::string& url) {
    return url.empty() ? std::nullopt : std::optional(url);
  }
  static void run(const std::string& action) {
    const std::string& command = options().broker_command;
    if (command.empty())
      throw std::runtime_error("this case needs --restart-command to " + action + " the broker");
    const std::string line = command + " " + action;
    if (const int status = std::system(line.c_str()); status != 0) {
      throw std::runtime_error("'" + line + "' ended with status " + std::to_string(status));
    }
  }

  std::string url_;
};

}  // namespace

std::unique_ptr<Harness> Harness::make(const std::string& url) {
  if (url.starts_with("embedded:///") || url.starts_with("embedded://{scratch}")) {
    return std::make_unique<DirectoryHarness>(url);
  }
  if (url.starts_with("embedded://")) return std::make_unique<InProcessHarness>(url);
  return std::make_unique<ExternalHarness>(url);
}

ScratchDirectory::ScratchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "omnibus-conformance-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "cannot make " + name);
  }
  path_ = std::move(name);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace omnibus::conformance
