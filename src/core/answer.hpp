#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/connection.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {

/// Waits for one administrative answer of the driver, up to the connect timeout.
template <class T, class Call>
T answer_of(Connection& connection, const std::string& what, Call&& call) {
  struct Answer {
    std::optional<Error> error;
    T value;
  };
  const auto deadline = deadline_after(connection.options().connect_timeout);
  const auto waiter = std::make_shared<SharedWaiter<Answer>>();
  call(connection.backend(), [waiter](const Error* error, T value) {
    waiter->set({error != nullptr ? std::optional<Error>(*error) : std::nullopt, std::move(value)});
  });
  auto answer = waiter->wait_until(deadline);
  if (!answer) {
    throw Error(ErrorCode::unavailable, what + ": no answer within the connect timeout",
                Error::Details{.retryable = true, .backend = std::string(connection.backend().name())});
  }
  if (answer->error) answer->error->with_context(what).raise();
  return std::move(answer->value);
}

}  // namespace omnibus::detail
