#include "services/http/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <utility>

#include <omnibus/error.hpp>
#include <omnibus/settings.hpp>

namespace omnibus::http {
namespace {

constexpr auto connect_timeout = std::chrono::seconds(30);

/// libcurl wants this before its first use, from one thread.
void initialise() {
  static const auto result = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw Error(ErrorCode::internal, "libcurl does not start");
}

struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

List headers_of(const Request& request) {
  List out;
  const auto add = [&](const std::string& line) {
    auto* longer = ::curl_slist_append(out.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)out.release();
    out.reset(longer);
  };
  add("Expect:");  // no waiting for a permission to send
  for (const auto& header : request.headers) add(header);
  return out;
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  if (const auto result = ::curl_easy_setopt(handle, option, value); result != CURLE_OK) {
    throw Error(ErrorCode::internal,
                std::string("libcurl refuses an option: ") + ::curl_easy_strerror(result));
  }
}

void describe(CURL* handle, const Request& request) {
  const auto connect =
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(request.timeout, connect_timeout));
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_PATH_AS_IS, 1L);
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  const bool body = request.method == "POST" || request.method == "PUT";
  if (body) {
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(handle, CURLOPT_USERAGENT, "omnibus");
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
}

/// What libcurl's callbacks see of one call.
struct Call {
  CURL* handle;
  const Client::Received& received;
  const std::stop_token& stop;
  Duration timeout;
  TimePoint heard = Clock::now();  ///< when bytes went or came last
  curl_off_t gone = 0;             ///< bytes of the request
  std::exception_ptr failure = nullptr;
  bool silent = false;

  static TimePoint now() { return Clock::now(); }

  void listen() {
    set(handle, CURLOPT_WRITEFUNCTION, &Call::on_body);
    set(handle, CURLOPT_WRITEDATA, this);
    set(handle, CURLOPT_XFERINFOFUNCTION, &Call::on_progress);
    set(handle, CURLOPT_XFERINFODATA, this);
    set(handle, CURLOPT_NOPROGRESS, 0L);
  }

  int status() const {
    long code = 0;
    ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return static_cast<int>(code);
  }
  static std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    auto& call = *static_cast<Call*>(self);
    call.heard = now();
    try {
      call.received(call.status(), {bytes, size});
      return size;
    } catch (...) {
      call.failure = std::current_exception();
      return size == 0 ? 1 : 0;  // anything but `size` ends the call
    }
  }
  /// Comes about once a second. Anything but 0 ends the call.
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t gone) noexcept {
    auto& call = *static_cast<Call*>(self);
    if (std::exchange(call.gone, gone) != gone) call.heard = now();
    call.silent = now() - call.heard > call.timeout;
    return call.silent || call.stop.stop_requested() ? 1 : 0;
  }
};

[[noreturn]] void fail(CURLcode code, const char* detail, const Call& call, const std::string& url) {
  if (call.failure) std::rethrow_exception(call.failure);
  const auto what = "cannot ask " + redacted(url) + ": ";
  if (call.silent || code == CURLE_OPERATION_TIMEDOUT) throw TimeoutError(what + "no answer in time");
  if (code == CURLE_ABORTED_BY_CALLBACK) throw ClosedError(what + "the service stops");
  const bool untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
  throw Error(untrusted ? ErrorCode::authentication : ErrorCode::unavailable,
              what + (*detail != '\0' ? detail : ::curl_easy_strerror(code)), {.retryable = !untrusted});
}

}  // namespace

struct Client::Session {
  Session() : handle(::curl_easy_init()) {
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~Session() { ::curl_easy_cleanup(handle); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  CURL* const handle;
};

Client::Client(std::string ca_file) : ca_file_(std::move(ca_file)) { initialise(); }

Client::~Client() = default;

std::unique_ptr<Client::Session> Client::take() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return std::make_unique<Session>();
  auto out = std::move(idle_.back());
  idle_.pop_back();
  ::curl_easy_reset(out->handle);  // keeps the connections
  return out;
}

void Client::give_back(std::unique_ptr<Session> session) {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(session));
}

int Client::send(const Request& request, const Received& received, const std::stop_token& stop) {
  auto session = take();
  auto* handle = session->handle;
  const auto headers = headers_of(request);
  std::array<char, CURL_ERROR_SIZE> detail{};
  Call call{.handle = handle, .received = received, .stop = stop, .timeout = request.timeout};
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set(handle, CURLOPT_ERRORBUFFER, detail.data());
  if (!ca_file_.empty()) set(handle, CURLOPT_CAINFO, ca_file_.c_str());
  describe(handle, request);
  call.listen();
  if (const auto code = ::curl_easy_perform(handle); code != CURLE_OK) {
    fail(code, detail.data(), call, request.url);
  }
  const auto status = call.status();
  give_back(std::move(session));
  return status;
}

}  // namespace omnibus::http
