#include "services/chunker/service.hpp"

#include <charconv>
#include <mutex>
#include <utility>

#include <omnibus/catalogue/document.hpp>
#include <omnibus/framework/flow.hpp>

#include "services/flags/at_least.hpp"

namespace omnibus::chunker {
namespace {

using catalogue::Chunk;
using catalogue::TextDocument;

const std::vector<double>& size_buckets() {
  static const std::vector<double> buckets{100,  160,  250,  400,  650,   1000,
                                           1600, 2500, 4000, 6400, 10000, 16000};
  return buckets;
}

std::size_t number(std::string_view name, std::string_view text) {
  auto digits = text;
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!digits.empty() && blank(digits.front())) digits.remove_prefix(1);
  while (!digits.empty() && blank(digits.back())) digits.remove_suffix(1);
  std::size_t out = 0;
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw ConfigError("parameter " + std::string(name) + " is '" + std::string(text) + "'",
                      "it takes a number");
  }
  return out;
}

/// One document on its way out. Ends with its last owner: `done` then hears whether every chunk is confirmed.
class Delivery {
 public:
  explicit Delivery(framework::HandlerDone done) : done_(std::move(done)) {}
  ~Delivery() {
    if (open_ > 0 && !failure_) {
      failure_ =
          std::make_exception_ptr(Error(ErrorCode::internal, "a chunk was neither confirmed nor refused"));
    }
    done_(failure_);
  }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void expect(std::size_t chunks) {
    const std::scoped_lock lock(mutex_);
    open_ = chunks;
  }
  void confirmed() {
    const std::scoped_lock lock(mutex_);
    --open_;
  }
  void failed(std::exception_ptr why) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::move(why);
  }

 private:
  std::mutex mutex_;  // guards the two below until the last owner is gone
  std::size_t open_ = 1;
  std::exception_ptr failure_;
  framework::HandlerDone done_;
};

void split_document(const ChunkerService::Splitter& splitter, const Limits& defaults,
                    const Message<TextDocument>& document, const framework::Context& context,
                    framework::HandlerDone done) {
  const auto delivery = std::make_shared<Delivery>(std::move(done));
  try {
    auto& flow = *context.in;
    const auto limits = limits_of(defaults, flow.parameter("chunk-size"), flow.parameter("chunk-overlap"));
    auto& output = flow.producer<Chunk>("output");
    auto& sizes =
        flow.bus().metrics().histogram("chunk_size", "Chunk size in code points",
                                       {{"id", context.id}, {"flow", context.flow}}, size_buckets());
    auto pieces = splitter(document->text, limits);
    delivery->expect(pieces.size());
    Chunk chunk{.metadata = document->metadata};
    for (auto& piece : pieces) {
      sizes.observe(static_cast<double>(length(piece)));
      chunk.chunk = std::move(piece);
      output.send_async(chunk, {}, [delivery](const Error* error) {
        error == nullptr ? delivery->confirmed() : delivery->failed(std::make_exception_ptr(*error));
      });
    }
  } catch (...) {
    delivery->failed(std::current_exception());
  }
}

std::size_t flag_number(int least, const Settings& settings, std::string_view flag) {
  return static_cast<std::size_t>(flags::at_least(least, settings, flag));
}

}  // namespace

Limits limits_of(Limits otherwise, const std::optional<std::string>& size,
                 const std::optional<std::string>& overlap) {
  if (size) otherwise.size = number("chunk-size", *size);
  if (overlap) otherwise.overlap = number("chunk-overlap", *overlap);
  validate(otherwise);
  return otherwise;
}

ChunkerService::ChunkerService(Bus bus, Settings settings, Splitter splitter)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  const Limits defaults{flag_number(1, this->settings(), "chunk-size"),
                        flag_number(0, this->settings(), "chunk-overlap")};
  validate(defaults);
  const auto concurrency = flags::at_least(1, this->settings(), "concurrency");
  add<framework::ParameterSpec>("chunk-size");
  add<framework::ParameterSpec>("chunk-overlap");
  add<framework::ProducerSpec<Chunk>>("output");
  add<framework::ConsumerSpec<TextDocument>>(
      "input",
      framework::AsyncHandler<TextDocument>(
          [splitter = std::move(splitter), defaults](const Message<TextDocument>& document,
                                                     const framework::Context& context,
                                                     framework::HandlerDone done) {
            split_document(splitter, defaults, document, context, std::move(done));
          }),
      concurrency);
}

ChunkerService::~ChunkerService() { ChunkerService::stop(); }

Flags ChunkerService::flags(Flags flags, Limits defaults, const std::string& unit) {
  const auto number = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  return FlowProcessor::flags(std::move(flags))
      .integer("chunk-size", "most " + unit + " of a chunk", number(defaults.size), {}, 'z')
      .integer("chunk-overlap", "most " + unit + " a chunk repeats of the one before",
               number(defaults.overlap), {}, 'v')
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::chunker
