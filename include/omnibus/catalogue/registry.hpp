#pragma once

/// The catalogue by name, for tools that learn a type at run time. Needs the library omnibus::catalogue.
/// Threads: any.

#include <span>
#include <string>
#include <string_view>

#include <omnibus/schema/schema.hpp>

namespace omnibus::catalogue {

/// The type of that name, for example "TextDocument"; null when there is none.
const schema::Type* find(std::string_view name);

/// All names, sorted.
std::span<const std::string_view> names();

/// The name that a misspelt one most likely means; empty when none is close.
std::string suggest(std::string_view name);

struct Queue {
  std::string_view constant;  ///< for example "config_request_queue"
  std::string_view name;      ///< for example "q0/tg/request/config"
};

/// The queue constants, sorted by constant.
std::span<const Queue> queues() noexcept;

}  // namespace omnibus::catalogue
