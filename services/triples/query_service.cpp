#include "services/triples/query_service.hpp"

#include <mutex>

#include "services/flags/at_least.hpp"
#include "services/rpc/replies.hpp"
#include "services/triples/flags.hpp"
#include "services/triples/reader.hpp"

namespace omnibus::triples {
namespace {

using catalogue::TriplesQueryRequest;
using catalogue::TriplesQueryResponse;

/// Where the backend has no limit of its own.
constexpr std::size_t largest_answer = 256u << 20;

/// Readers that are not in use. Threads: any.
class Readers {
 public:
  explicit Readers(std::filesystem::path file) : file_(std::move(file)) { give_back(take()); }

  std::vector<catalogue::Triple> find(const TriplesQueryRequest& request, std::size_t most) {
    auto reader = take();
    auto found = reader->find(request, most);
    give_back(std::move(reader));
    return found;
  }

 private:
  std::unique_ptr<Reader> take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        auto reader = std::move(idle_.back());
        idle_.pop_back();
        return reader;
      }
    }
    return std::make_unique<Reader>(file_);
  }
  void give_back(std::unique_ptr<Reader> reader) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(reader));
  }

  const std::filesystem::path file_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Reader>> idle_;
};

void answer(Readers& readers, const Message<TriplesQueryRequest>& request,
            const framework::Context& context) {
  rpc::Replies<TriplesQueryResponse> replies(context, request, "a triples");
  replies.guarded(
      [&] {
        auto& bus = context.in->bus();
        const auto largest = bus.features().max_message_size;
        TriplesQueryResponse response;
        response.triples = readers.find(request.value(), largest == 0 ? largest_answer : largest);
        replies.send(response);
        bus.metrics()
            .counter("triples_found", "Triples in answers",
                     {{"processor", context.id}, {"flow", context.flow}})
            .add(static_cast<double>(response.triples.size()));
      },
      [](std::string reason) {
        return TriplesQueryResponse{.error = catalogue::Error{"triples-query-error", std::move(reason)}};
      });
}

}  // namespace

TriplesQueryService::TriplesQueryService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  add<framework::ProducerSpec<TriplesQueryResponse>>("response");
  add<framework::ConsumerSpec<TriplesQueryRequest>>(
      "request",
      framework::Handler<TriplesQueryRequest>(
          [readers = std::make_shared<Readers>(store_file(this->settings()))](
              const Message<TriplesQueryRequest>& request, const framework::Context& context) {
            answer(*readers, request, context);
          }),
      flags::at_least(1, this->settings(), "concurrency"));
}

TriplesQueryService::~TriplesQueryService() { TriplesQueryService::stop(); }

Flags TriplesQueryService::flags(Flags flags) {
  return store_flag(FlowProcessor::flags(std::move(flags)))
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::triples
