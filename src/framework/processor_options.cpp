#include "omnibus/framework/processor_options.hpp"

#include <utility>

namespace omnibus::framework {

Flags ProcessorOptions::flags(Flags flags) {
  return std::move(
      flags.flag("transactional", "a message's outputs and its acknowledgement happen together"));
}

ProcessorOptions ProcessorOptions::from(const Settings& settings) {
  return {.transactional = settings.values.contains("transactional") && settings.flag("transactional")};
}

}  // namespace omnibus::framework
