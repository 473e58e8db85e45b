#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN

/// The library's log. By default one line per record on stderr: `<time> - <id> - <LEVEL> - <message>`.
/// Threads: every function is safe from any thread.
namespace omnibus::log {

enum class Level : std::uint8_t { debug, info, warning, error, critical };

/// The name in upper case, as in the log line.
std::string_view to_string(Level level) noexcept;

/// Records below this level are dropped. Default: info.
void set_level(Level level) noexcept;
/// Whether a record of this level would be written: ask before building a costly text.
bool enabled(Level level) noexcept;

/// The id that stands in every line, usually the processor's. Default: "omnibus".
void set_id(std::string_view id);

/// Where records go instead of stderr; an empty function restores stderr.
void set_handler(std::function<void(Level, std::string_view message)> handler);

/// Writes one record. Never throws: what cannot be written is lost.
void write(Level level, std::string_view message) noexcept;

}  // namespace omnibus::log
OMNIBUS_EXPORT_END
