#pragma once

#include <string>

namespace omnibus::detail {

/// A stable identity for one connection of this process: host, program, and the lowest slot that no other
/// connection of that name on this machine holds. The slot is a locked file in the state directory and is
/// free again when the object or the process ends. Without a writable state directory the name ends in a
/// random id and is not stable.
class Instance {
 public:
  Instance();
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  int file_ = -1;
};

}  // namespace omnibus::detail
