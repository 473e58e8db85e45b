#pragma once

/// A configuration in memory, with the failures that tests need.

#include <functional>

#include <omnibus/error.hpp>

#include "services/config/client.hpp"

namespace omnibus::flow {

class FakeConfig : public config::Access {
 public:
  config::Snapshot read() override { return snapshot; }

  std::int64_t apply(const config::Change& change, std::optional<std::int64_t> if_version) override {
    ++applies;
    if (before_apply) before_apply();
    if (if_version && *if_version != snapshot.version) throw Error(ErrorCode::conflict, "moved");
    for (const auto& key : change.remove) snapshot.values[key.type].erase(key.key);
    for (const auto& item : change.put) snapshot.values[item.type][item.key] = item.value;
    ++snapshot.version;
    if (after_apply) after_apply();
    return snapshot.version;
  }

  config::Snapshot snapshot;
  int applies = 0;
  std::function<void()> before_apply, after_apply;
};

}  // namespace omnibus::flow
