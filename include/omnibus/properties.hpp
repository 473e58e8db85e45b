#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// Message properties: text to text, in the order they were set, at most one value per key.
/// Limits: key ≤ 200 bytes, value ≤ 32 KiB, all ≤ 64 KiB, well-formed UTF-8 without U+0000;
/// keys that start with "omnibus-" are reserved. `validate` checks them before a send.
/// Threads: like a standard container.
class Properties {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Properties() = default;
  Properties(std::initializer_list<value_type> entries) {
    for (const auto& [key, value] : entries) set(key, value);
  }

  /// The value, or null when the key is absent. Valid until the next change.
  const std::string* find(std::string_view key) const noexcept {
    for (const auto& entry : entries_) {
      if (entry.first == key) return &entry.second;
    }
    return nullptr;
  }
  bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// The value, or `otherwise` when the key is absent.
  std::string value_or(std::string_view key, std::string_view otherwise) const {
    const auto* found = find(key);
    return found != nullptr ? *found : std::string(otherwise);
  }

  /// Sets or replaces.
  Properties& set(std::string_view key, std::string_view value) {
    for (auto& entry : entries_) {
      if (entry.first == key) {
        entry.second = value;
        return *this;
      }
    }
    entries_.emplace_back(key, value);
    return *this;
  }
  /// Removes the key; true when it was there.
  bool erase(std::string_view key) {
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->first == key) {
        entries_.erase(it);
        return true;
      }
    }
    return false;
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  void clear() noexcept { entries_.clear(); }
  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }

  /// Equal when they hold the same entries, whatever the order.
  friend bool operator==(const Properties& a, const Properties& b) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a) {
      const auto* other = b.find(key);
      if (other == nullptr || *other != value) return false;
    }
    return true;
  }

 private:
  std::vector<value_type> entries_;
};

/// Throws ConfigError naming the key and the limit it breaks.
void validate(const Properties& properties);

}  // namespace omnibus
OMNIBUS_EXPORT_END
