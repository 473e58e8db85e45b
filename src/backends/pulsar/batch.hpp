#pragma once

/// Several messages in the payload of one. Source: Pulsar binary protocol, "Batch messages".

#include <functional>
#include <string>
#include <string_view>

#include <omnibus/driver.hpp>

#include "backends/pulsar/proto.hpp"

namespace omnibus::pulsar {

/// Most messages of one batch that are accepted; brokers and clients stay far below.
inline constexpr std::size_t largest_batch = (1u << 20) - 1;

/// Appends one message to the payload of a batch.
void append_to_batch(std::string& payload, const driver::Outgoing& message);

/// One message found in a payload; both are parts of it.
struct Single {
  std::string_view header;  ///< serialized SingleMessageMetadata; empty for a message that is no batch
  std::string_view body;
};
/// Called with the index, the message and its header read.
using BatchVisitor = std::function<void(std::size_t, const Single&, const proto::SingleMessageMetadata&)>;
/// Splits the payload of a batch of `count`. Errors: ProtocolError.
void split_batch(std::string_view payload, std::size_t count, const BatchVisitor& visit);

/// Properties and key, in the forms of a batch and of a single message.
void read_header(const proto::SingleMessageMetadata& from, driver::Delivery& to);
void read_header(const proto::MessageMetadata& from, driver::Delivery& to);
/// Reads Single::header. Errors: ProtocolError.
proto::SingleMessageMetadata parse_header(std::string_view header);

template <class Metadata>
void write_header(Metadata& to, const driver::Outgoing& from) {
  for (const auto& [key, value] : from.properties) {
    auto* property = to.add_properties();
    property->set_key(key);
    property->set_value(value);
  }
  if (!from.key.empty()) to.set_partition_key(from.key);
}

}  // namespace omnibus::pulsar
