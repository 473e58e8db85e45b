#pragma once

#include <optional>

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

namespace omnibus {

/// What a call throws; empty when it returns.
template <class F>
std::optional<Error> error_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

template <class F>
std::optional<ErrorCode> code_of(F&& call) {
  const auto error = error_of(call);
  return error ? std::optional(error->code()) : std::nullopt;
}

}  // namespace omnibus

/// With the text of the error when it is another one.
#define EXPECT_CODE(call, expected)                                    \
  do {                                                                 \
    const auto caught_error = omnibus::error_of([&] { call; });        \
    ASSERT_TRUE(caught_error) << "no error";                           \
    EXPECT_EQ(caught_error->code(), expected) << caught_error->what(); \
  } while (false)
