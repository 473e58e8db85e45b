#pragma once

#include <omnibus/detail/export.hpp>
#include <omnibus/settings.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// What holds for every consumer of a processor. Threads: a plain value.
struct ProcessorOptions {
  /// Each message's outputs and its acknowledgement happen together or not at all; see
  /// ConsumerSettings::transactional, which goes before it.
  bool transactional = false;

  /// Adds `--transactional`.
  static Flags flags(Flags flags = {});
  /// What the flags say; the defaults in a program without them.
  static ProcessorOptions from(const Settings& settings);
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
