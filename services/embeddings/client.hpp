#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/framework/flow.hpp>

namespace omnibus::embeddings {

/// The vectors of one text, as the service answers them.
using Vectors = std::vector<std::vector<double>>;

/// What became of `embed`: a failure, or the vectors of each text in order.
using Embedded = std::function<void(std::exception_ptr failure, std::vector<Vectors> vectors)>;

/// Asks the flow's embeddings service (`embeddings-request`, `embeddings-response`) for the vectors of every
/// text, one request each, 16 at once. `done` runs once: on the Bus's pool, or on the calling thread. The
/// failure is that of the first request that failed; an error answer is Error{unavailable} with its words.
/// Threads: any; none waits.
void embed(const std::shared_ptr<framework::Flow>& flow, std::vector<std::string> texts, Embedded done);

/// The two queues of the client.
class ClientSpec
    : public framework::RequestResponseSpec<catalogue::EmbeddingsRequest, catalogue::EmbeddingsResponse> {
 public:
  ClientSpec() : RequestResponseSpec("embeddings-request", "embeddings-response") {}
};

}  // namespace omnibus::embeddings
