#pragma once

#include <memory>
#include <string>

#include <omnibus/framework/processor.hpp>

namespace omnibus::prompt {

/// Fills prompt templates in and asks the text completion service: PromptRequest from `request`,
/// PromptResponse to `response`, a client of `text-completion-request` and `text-completion-response`. The
/// templates are the configuration type `--config-type`. Threads: as FlowProcessor; none waits for an answer.
class PromptService : public framework::FlowProcessor {
 public:
  PromptService(Bus bus, Settings settings);
  ~PromptService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

  /// Also names the templates that could not be loaded; the ones before go on.
  std::string ready() const override;

 private:
  struct Shelf;
  const std::shared_ptr<Shelf> shelf_;
};

}  // namespace omnibus::prompt
