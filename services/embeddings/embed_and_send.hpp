#pragma once

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/embeddings/client.hpp"

namespace omnibus::embeddings {

/// Asks for the vectors of `texts`, sends what `output_of(vectors)` makes of them to the flow's `output`, and
/// calls `done` when the broker has confirmed it, or with what failed: the message then comes again.
/// Threads: any; none waits.
template <class Output, class Make>
void embed_and_send(const framework::Context& context, std::vector<std::string> texts, Make output_of,
                    framework::HandlerDone done) {
  const auto end = std::make_shared<framework::HandlerDone>(std::move(done));
  embed(context.in, std::move(texts),
        [flow = context.in, output_of = std::move(output_of), end](std::exception_ptr failure,
                                                                   std::vector<Vectors> vectors) mutable {
          if (failure) return (*end)(std::move(failure));
          try {
            const Output output = output_of(std::move(vectors));
            flow->producer<Output>("output").send_async(output, {}, [flow, end](const omnibus::Error* error) {
              (*end)(error == nullptr ? nullptr : std::make_exception_ptr(*error));
            });
          } catch (...) {
            (*end)(std::current_exception());
          }
        });
}

}  // namespace omnibus::embeddings
