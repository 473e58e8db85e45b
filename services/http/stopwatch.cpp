#include "services/http/stopwatch.hpp"

#include <vector>

namespace omnibus::http {
namespace {

const std::vector<double>& duration_buckets() {
  static const std::vector<double> buckets{.25, .5, 1,  2,  3,  4,  5,  6,  7,  8,  9,   10,
                                           11,  12, 13, 14, 15, 16, 17, 18, 19, 20, 21,  22,
                                           23,  24, 25, 30, 35, 40, 45, 50, 60, 80, 100, 120};
  return buckets;
}

}  // namespace

Stopwatch::Stopwatch(const framework::Context& context, const std::string& name, const std::string& help)
    : histogram_(context.in->bus().metrics().histogram(
          name, help, {{"id", context.id}, {"flow", context.flow + "-" + context.name}},
          duration_buckets())) {}

}  // namespace omnibus::http
