#pragma once

#include <string>
#include <string_view>

#include <omnibus/queue_name.hpp>

namespace omnibus::mqtt {

/// `tenant/namespace/queue`, as the spec maps it; `+`, `#`, `%` and a leading `$` are written %XX.
std::string topic_of(const QueueName& queue);

/// The topics and client ids that belong to one subscription of a queue.
///
/// Of its sessions at the broker one is its home, whose client id comes from queue and subscription alone: it
/// holds what comes while no consumer runs. A process that finds the home taken has a session named by its
/// instance.
class SubscriptionNames {
 public:
  SubscriptionNames(const QueueName& queue, std::string_view subscription, std::string_view prefix);

  const std::string& topic() const noexcept { return topic_; }
  /// `$share/{subscription}/{topic}`, for MQTT 5.
  const std::string& shared_filter() const noexcept { return shared_filter_; }
  /// Where copies of messages that were given back wait for their time.
  const std::string& retry_topic() const noexcept { return retry_topic_; }

  /// The client ids.
  const std::string& home() const noexcept { return home_; }
  std::string retry() const { return home_ + "-retry"; }
  std::string of_instance(std::string_view instance) const;

  /// Where each session's holder is told, retained: `…--members/{client id}`; and all of them.
  std::string presence(std::string_view client_id) const { return members_ + std::string(client_id); }
  std::string presences() const { return members_ + "+"; }
  /// The client id that such a topic is about.
  std::string_view member_of(std::string_view presence_topic) const;

 private:
  std::string topic_, shared_filter_, retry_topic_, home_, members_;
};

/// Letters, digits, '.', '_' and '-' as they are, everything else '-'; at most 64 bytes.
std::string plain(std::string_view text);

}  // namespace omnibus::mqtt
