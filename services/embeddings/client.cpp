#include "services/embeddings/client.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace omnibus::embeddings {
namespace {

using catalogue::EmbeddingsRequest;
using catalogue::EmbeddingsResponse;

constexpr std::size_t at_once = 16;
constexpr Duration patience = std::chrono::seconds(300);

Vectors vectors_of(const omnibus::Error* error, const EmbeddingsResponse* answer) {
  if (error != nullptr) error->raise();
  if (answer->error)
    throw omnibus::Error(ErrorCode::unavailable, answer->error->message, {.retryable = true});
  if (!answer->vectors) throw ProtocolError("the embeddings service answered without vectors");
  return *answer->vectors;
}

/// The requests for the texts of one message. Threads: any.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(std::shared_ptr<framework::Flow> flow, std::vector<std::string> texts, Embedded done)
      : flow_(std::move(flow)),
        texts_(std::move(texts)),
        done_(std::move(done)),
        vectors_(texts_.size()),
        open_(texts_.size()) {}

  void begin() {
    if (texts_.empty()) return end(nullptr);
    for (std::size_t i = 0; i < std::min(at_once, texts_.size()); ++i) ask_next();
  }

 private:
  void ask_next() noexcept {
    std::size_t at = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (!done_ || next_ == texts_.size()) return;
      at = next_++;
    }
    try {
      auto& client = flow_->client<EmbeddingsRequest, EmbeddingsResponse>("embeddings-request");
      client.idempotent(true);
      client.request_async(
          {.text = texts_[at]},
          [self = shared_from_this(), at](const omnibus::Error* error, const EmbeddingsResponse* answer) {
            self->take(at, error, answer);
            return true;
          },
          patience);
    } catch (...) {
      end(std::current_exception());
    }
  }

  void take(std::size_t at, const omnibus::Error* error, const EmbeddingsResponse* answer) noexcept {
    bool last = false;
    try {
      auto vectors = vectors_of(error, answer);
      const std::scoped_lock lock(mutex_);
      vectors_[at] = std::move(vectors);
      last = --open_ == 0;
    } catch (...) {
      return end(std::current_exception());
    }
    last ? end(nullptr) : ask_next();
  }

  void end(std::exception_ptr failure) noexcept {
    Embedded done;
    std::vector<Vectors> vectors;
    {
      const std::scoped_lock lock(mutex_);
      done = std::exchange(done_, nullptr);
      if (!failure) vectors = std::move(vectors_);
    }
    if (done) done(std::move(failure), std::move(vectors));
  }

  const std::shared_ptr<framework::Flow> flow_;
  const std::vector<std::string> texts_;
  std::mutex mutex_;  // guards what follows
  Embedded done_;
  std::vector<Vectors> vectors_;
  std::size_t next_ = 0, open_;
};

}  // namespace

void embed(const std::shared_ptr<framework::Flow>& flow, std::vector<std::string> texts, Embedded done) {
  std::make_shared<Batch>(flow, std::move(texts), std::move(done))->begin();
}

}  // namespace omnibus::embeddings
