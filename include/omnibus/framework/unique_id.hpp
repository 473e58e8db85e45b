#pragma once

#include <string>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// A new random identifier, as 36 characters of a version 4 UUID. Threads: any.
std::string unique_id();

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
