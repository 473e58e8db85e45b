#pragma once

/// Queue names as Pulsar's topics. Reversible: in the last part '%' and '/' are written %25 and %2F, and so
/// is what would make it the name of a partition.

#include <string>
#include <string_view>

#include <omnibus/queue_name.hpp>

namespace omnibus::pulsar {

/// `persistent://tenant/namespace/queue`, `non-persistent://…` for best effort.
std::string topic_of(const QueueName& queue);
/// Subscription names are escaped likewise: brokers with transactions make topics of them.
std::string subscription_of(std::string_view name);
std::string subscription_name(std::string_view escaped);
/// The topic of one partition.
std::string partition_of(const std::string& topic, std::size_t index);
/// The path of a topic below `/admin/v2/`, for example `persistent/tg/flow/a%253Ab`.
std::string admin_path(const std::string& topic);
/// Text as one part of a URL's path.
std::string url_encoded(std::string_view text);

/// The partition for a key among `count`. Source: the hash of Java's String, the Java client's default, so
/// that keys land where that client puts them.
std::size_t partition_for(std::string_view key, std::size_t count) noexcept;

}  // namespace omnibus::pulsar
