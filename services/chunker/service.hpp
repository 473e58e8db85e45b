#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/framework/processor.hpp>

#include "services/chunker/split.hpp"

namespace omnibus::chunker {

/// Splits documents, recursively unless told otherwise: TextDocument from `input`, one Chunk per piece to
/// `output`, metadata unchanged. A document is acknowledged when the broker has confirmed its last chunk, so
/// a crash repeats chunks and loses none; with `--transactional` it does not repeat them either. Flow
/// parameters `chunk-size` and `chunk-overlap` go before the flags. Metrics: chunk_size, code points by id
/// and flow. Threads: as FlowProcessor.
class ChunkerService : public framework::FlowProcessor {
 public:
  /// Makes chunks of a text. Runs on several threads at once.
  using Splitter = std::function<std::vector<std::string>(std::string_view text, const Limits& limits)>;

  /// Errors: ConfigError when the overlap is not below the size.
  ChunkerService(Bus bus, Settings settings, Splitter splitter = split_recursive);
  ~ChunkerService() override;

  /// `flags` and what the service adds to the common ones. `unit` is what the splitter counts.
  static Flags flags(Flags flags = {}, Limits defaults = {}, const std::string& unit = "code points");
};

/// What a flow's parameters make of the limits; empty ones change nothing.
/// Errors: ConfigError naming the parameter that is no number, or limits that do not fit together.
Limits limits_of(Limits otherwise, const std::optional<std::string>& size,
                 const std::optional<std::string>& overlap);

}  // namespace omnibus::chunker
