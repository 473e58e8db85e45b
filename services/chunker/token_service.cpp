#include "services/chunker/token_service.hpp"

#include <memory>
#include <utility>

#include "services/chunker/token_split.hpp"

namespace omnibus::chunker {
namespace {

ChunkerService::Splitter splitter_of(const Settings& settings) {
  const auto path = settings.maybe("vocabulary");
  if (!path) {
    throw ConfigError("no vocabulary", "give --vocabulary FILE, the cl100k_base.tiktoken of tiktoken");
  }
  return [encoding = std::make_shared<const tokens::Encoding>(tokens::Vocabulary::load(*path))](
             std::string_view text, const Limits& limits) { return split_tokens(text, limits, *encoding); };
}

}  // namespace

TokenChunkerService::TokenChunkerService(Bus bus, const Settings& settings)
    : ChunkerService(std::move(bus), settings, splitter_of(settings)) {}

Flags TokenChunkerService::flags(Flags flags) {
  return ChunkerService::flags(std::move(flags), {.size = 250, .overlap = 15}, "tokens")
      .text("vocabulary", "file of the tokens, one 'base64 rank' a line: cl100k_base.tiktoken", std::nullopt,
            "TOKEN_VOCABULARY");
}

}  // namespace omnibus::chunker
