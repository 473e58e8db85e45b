#include "wire/http.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace omnibus::wire {
namespace {

constexpr std::size_t longest_head = std::size_t{64} << 10;
constexpr std::size_t longest_body = std::size_t{16} << 20;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data()) throw ProtocolError("HTTP: not a number in the response");
  if (value > longest_body) throw ProtocolError("HTTP: the response is too long");
  return value;
}

std::string written(const Stream::Target& target, const HttpRequest& request) {
  std::string out = request.method + " " + request.path + " HTTP/1.1\r\nHost: " + target.address.str() +
                    "\r\nConnection: close\r\nAccept: application/json\r\n";
  for (const auto& [name, value] : request.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty() || request.method != "GET") {
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return out + "\r\n" + request.body;
}

/// One exchange; lives until its completion has run.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Loop& loop, HttpDone done) : timer_(loop), done_(std::move(done)) {}

  void begin(Loop& loop, Stream::Target target, const HttpRequest& request, Duration timeout) {
    timer_.after(timeout, [self = shared_from_this()] {
      self->finish(Error(ErrorCode::timeout, "no answer from the administration interface in time",
                         {.retryable = true}));
    });
    auto text = written(target, request);
    Stream::open(loop, std::move(target),
                 [self = shared_from_this(), text = std::move(text)](const Error* error,
                                                                     std::unique_ptr<Stream> stream) mutable {
                   if (error != nullptr) return self->finish(*error);
                   self->use(std::move(stream), std::move(text));
                 });
  }

  /// Once; with what was read when there is no error.
  void finish(std::optional<Error> error) {
    if (!done_) return;
    timer_.cancel();
    const auto stream = std::move(stream_);  // ends the cycle of stream and exchange
    auto done = std::exchange(done_, nullptr);
    done(error ? &*error : nullptr, std::move(reader_.response()));
  }

 private:
  void use(std::unique_ptr<Stream> stream, std::string text) {
    if (!done_) return;
    stream_ = std::move(stream);
    stream_->start(
        [self = shared_from_this()](std::string_view bytes) {
          if (self->done_ && self->reader_.take(bytes)) self->finish(std::nullopt);
          return bytes.size();
        },
        [self = shared_from_this()](const Error& error) {
          self->reader_.end() ? self->finish(std::nullopt) : self->finish(error);
        });
    stream_->write(std::move(text));
  }

  Timer timer_;
  HttpDone done_;
  std::unique_ptr<Stream> stream_;
  HttpReader reader_;
};

}  // namespace

bool HttpReader::take(std::string_view bytes) {
  buffer_ += bytes;
  try {
    while (part_ != Part::complete && step()) {
    }
  } catch (...) {
    part_ = Part::broken;  // the end of the connection must not complete it
    throw;
  }
  return part_ == Part::complete;
}

bool HttpReader::end() {
  if (part_ == Part::until_end) part_ = Part::complete;
  return part_ == Part::complete;
}

/// False when more bytes are needed.
bool HttpReader::step() {
  switch (part_) {
    case Part::head:
      return read_head();
    case Part::sized:
      if (!move_body(left_)) return false;
      part_ = Part::complete;
      return true;
    case Part::chunk_size:
      return read_chunk_size();
    case Part::chunk:
      if (!move_body(left_)) return false;
      part_ = Part::trailer;
      return true;
    case Part::trailer:
      if (buffer_.size() < 2) return false;
      buffer_.erase(0, 2);
      part_ = Part::chunk_size;
      return true;
    case Part::until_end:
      left_ = buffer_.size();
      move_body(left_);
      return false;
    case Part::complete:
    case Part::broken:
      break;
  }
  return false;
}

bool HttpReader::read_head() {
  const auto end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (buffer_.size() > longest_head) throw ProtocolError("HTTP: the head of the response is too long");
    return false;
  }
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  if (!head.starts_with("HTTP/1.") || head.size() < 12) throw ProtocolError("HTTP: this is no response");
  response_.status = static_cast<int>(number(std::string_view(head).substr(9, 3), 10));
  part_ = response_.status == 204 || response_.status == 304 ? Part::complete : Part::until_end;
  for (std::size_t at = head.find("\r\n"); at != std::string::npos && part_ == Part::until_end;) {
    const auto next = head.find("\r\n", at + 2);
    const auto line = std::string_view(head).substr(at + 2, next - at - 2);
    const auto colon = line.find(':');
    at = next;
    if (colon == std::string_view::npos) continue;
    const auto name = lower(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "content-length") {
      left_ = number(value, 10);
      part_ = Part::sized;
    } else if (name == "transfer-encoding" && lower(value) == "chunked") {
      part_ = Part::chunk_size;
    }
  }
  return true;
}

bool HttpReader::read_chunk_size() {
  const auto end = buffer_.find("\r\n");
  if (end == std::string::npos) {
    if (buffer_.size() > longest_head) throw ProtocolError("HTTP: a chunk without a size");
    return false;
  }
  left_ = number(std::string_view(buffer_).substr(0, end), 16);
  buffer_.erase(0, end + 2);
  part_ = left_ == 0 ? Part::complete : Part::chunk;
  return true;
}

bool HttpReader::move_body(std::size_t count) {
  if (response_.body.size() + count > longest_body) throw ProtocolError("HTTP: the response is too long");
  if (buffer_.size() < count) return false;
  response_.body.append(buffer_, 0, count);
  buffer_.erase(0, count);
  return true;
}

HttpGiveUp http_request(Loop& loop, Stream::Target target, const HttpRequest& request, Duration timeout,
                        HttpDone done) {
  const auto exchange = std::make_shared<Exchange>(loop, std::move(done));
  exchange->begin(loop, std::move(target), request, timeout);
  return [weak = std::weak_ptr(exchange)](const Error& error) {
    if (const auto self = weak.lock()) self->finish(error);
  };
}

}  // namespace omnibus::wire
