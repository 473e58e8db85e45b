#include "conformance/options.hpp"

namespace omnibus::conformance {

Options& options() {
  static Options instance;
  return instance;
}

}  // namespace omnibus::conformance
