#include "services/prompt/service.hpp"

#include <mutex>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/log.hpp>

#include "services/flags/at_least.hpp"
#include "services/prompt/exchange.hpp"

namespace omnibus::prompt {

using catalogue::PromptRequest;
using catalogue::PromptResponse;

/// The prompts in use. Threads: any.
struct PromptService::Shelf {
  explicit Shelf(std::string config_type) : type(std::move(config_type)) {}

  /// Errors: Error{unavailable} before the first configuration: the request comes again.
  std::shared_ptr<const Prompts> current() const {
    const std::scoped_lock lock(mutex_);
    if (!prompts_) throw Error(ErrorCode::unavailable, "no configuration yet", {.retryable = true});
    return prompts_;
  }
  std::string trouble() const {
    const std::scoped_lock lock(mutex_);
    return problem_;
  }

  void load(const framework::Configuration& configuration, std::int64_t version) {
    const auto found = configuration.find(type);
    if (found == configuration.end()) {
      log::write(log::Level::debug, "the configuration has no type '" + type + "'");
      return put(nullptr, {});
    }
    try {
      put(std::make_shared<const Prompts>(found->second), {});
      log::write(log::Level::info, "prompts of version " + std::to_string(version));
    } catch (const Error& error) {
      log::write(log::Level::error, "the prompts of version " + std::to_string(version) +
                                        " cannot be used, those before stay: " + error.what());
      put(nullptr, "prompts of version " + std::to_string(version) + ": " + error.what());
    }
  }

  const std::string type;

 private:
  /// Null: those before stay.
  void put(std::shared_ptr<const Prompts> fresh, std::string why) {
    const std::scoped_lock lock(mutex_);
    if (!fresh && !prompts_) fresh = std::make_shared<const Prompts>();
    if (fresh) prompts_ = std::move(fresh);
    problem_ = std::move(why);
  }

  mutable std::mutex mutex_;  // guards the two below
  std::shared_ptr<const Prompts> prompts_;
  std::string problem_;
};

PromptService::PromptService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)),
      shelf_(std::make_shared<Shelf>(this->settings().text("config-type"))) {
  on_config([shelf = shelf_](const framework::Configuration& configuration, std::int64_t version) {
    shelf->load(configuration, version);
  });
  add<framework::RequestResponseSpec<catalogue::TextCompletionRequest, catalogue::TextCompletionResponse>>(
      "text-completion-request", "text-completion-response");
  add<framework::ProducerSpec<PromptResponse>>("response");
  add<framework::ConsumerSpec<PromptRequest>>(
      "request",
      framework::AsyncHandler<PromptRequest>([shelf = shelf_](const Message<PromptRequest>& request,
                                                              const framework::Context& context,
                                                              framework::HandlerDone done) {
        answer(shelf->current(), request, context, std::move(done));
      }),
      flags::at_least(1, this->settings(), "concurrency"));
}

PromptService::~PromptService() { PromptService::stop(); }

std::string PromptService::ready() const {
  auto reason = FlowProcessor::ready();
  return reason.empty() ? shelf_->trouble() : reason;
}

Flags PromptService::flags(Flags flags) {
  return FlowProcessor::flags(std::move(flags))
      .text("config-type", "configuration type that holds the prompts", "prompt")
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::prompt
