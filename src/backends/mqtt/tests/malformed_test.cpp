#include <gtest/gtest.h>

#include "backends/mqtt/packet.hpp"
#include "support/hex.hpp"

// Packets that must be refused, each with the statement that it breaks or the section that rules it out.

namespace omnibus::mqtt {
namespace {

struct Broken {
  std::string_view statement, hex, packet, what;
  Reason reason = Reason::malformed_packet;
};

constexpr auto violation = Reason::protocol_error;

constexpr Broken in_both_versions[] = {
    {"MQTT-2.1.3-1", "c1 00", "PINGREQ", "reserved flags are 1"},
    {"MQTT-2.1.3-1", "d8 00", "PINGRESP", "reserved flags are 8"},
    {"MQTT-2.1.3-1", "12 00", "CONNECT", "reserved flags"},
    {"MQTT-2.1.3-1", "2f 02 00 00", "CONNACK", "reserved flags"},
    {"MQTT-2.1.3-1", "42 02 0001", "PUBACK", "reserved flags"},
    {"MQTT-2.1.3-1", "51 02 0001", "PUBREC", "reserved flags"},
    {"MQTT-3.6.1-1", "60 02 0001", "PUBREL", "reserved flags"},
    {"MQTT-2.1.3-1", "72 02 0001", "PUBCOMP", "reserved flags"},
    {"MQTT-3.8.1-1", "80 00", "SUBSCRIBE", "reserved flags"},
    {"MQTT-2.1.3-1", "92 00", "SUBACK", "reserved flags"},
    {"MQTT-3.10.1-1", "a0 00", "UNSUBSCRIBE", "reserved flags"},
    {"MQTT-2.1.3-1", "b2 00", "UNSUBACK", "reserved flags"},
    {"MQTT-3.14.1-1", "e1 00", "DISCONNECT", "reserved flags"},
    {"MQTT-3.15.1-1", "f1 00", "AUTH", "reserved flags"},
    {"section 2.1.2", "00 00", "type 0", "there is no such packet"},
    {"section 1.5.5", "30 80 80 80 80 01", "PUBLISH", "remaining length has more than four bytes"},
    {"section 1.5.5", "30 ff ff ff ff", "PUBLISH", "remaining length has more than four bytes"},
    {"MQTT-3.3.1-4", "36 05 0001 61 0001", "PUBLISH", "its QoS is 3"},
    {"MQTT-3.3.1-2", "38 03 0001 61", "PUBLISH", "QoS 0 and is sent again"},
    {"section 3.3.2", "30 00", "PUBLISH", "ends within its topic name"},
    {"section 3.3.2", "30 01 00", "PUBLISH", "ends within its topic name"},
    {"section 3.3.2", "30 04 0003 6161", "PUBLISH", "ends within its topic name"},
    {"section 3.3.2", "32 04 0001 61 01", "PUBLISH", "ends within its packet identifier"},
    {"section 3.4.2", "40 01 00", "PUBACK", "ends within its packet identifier"},
    {"MQTT-3.1.2-1", "10 0c 0004 4d515455 04 02 0000 0000", "CONNECT", "protocol name is \"MQTU\"",
     Reason::unsupported_version},
    {"MQTT-3.1.2-1", "10 0e 0006 4d5149736470 03 02 0000 0000", "CONNECT", "protocol name is \"MQIsdp\"",
     Reason::unsupported_version},
    {"MQTT-3.1.2-2", "10 0c 0004 4d515454 06 02 0000 0000", "CONNECT", "protocol version is 6",
     Reason::unsupported_version},
    {"MQTT-3.1.2-2", "10 0c 0004 4d515454 03 02 0000 0000", "CONNECT", "protocol version is 3",
     Reason::unsupported_version},
    {"section 3.12", "c0 01 00", "PINGREQ", "1 bytes follow its end"},
    {"section 3.13", "d0 02 0000", "PINGRESP", "2 bytes follow its end"},
    {"MQTT-3.2.2-1", "20 03 02 00 00", "CONNACK", "reserved flags are set"},
    {"section 3.2.2", "20 00", "CONNACK", "ends within its acknowledge flags"},
    {"section 3.9.3", "90 01 00", "SUBACK", "ends within its packet identifier"},
};

constexpr Broken in_5[] = {
    // The fixed header.
    {"MQTT-1.5.5-1", "c0 80 00", "PINGREQ", "remaining length has more bytes than needed"},
    {"MQTT-1.5.5-1", "30 84 00 0001 61 00", "PUBLISH", "remaining length has more bytes than needed"},
    // CONNECT.
    {"MQTT-3.1.2-3", "10 0d 0004 4d515454 05 03 0000 00 0000", "CONNECT", "reserved flag is set"},
    {"MQTT-3.1.2-11", "10 0d 0004 4d515454 05 0a 0000 00 0000", "CONNECT", "flags of a will without one"},
    {"MQTT-3.1.2-12", "10 13 0004 4d515454 05 1e 0000 00 0000 00 0001 77 0000", "CONNECT",
     "QoS of its will is 3"},
    {"MQTT-3.1.2-13", "10 0d 0004 4d515454 05 22 0000 00 0000", "CONNECT", "flags of a will without one"},
    {"MQTT-3.1.2-9", "10 0d 0004 4d515454 05 06 0000 00 0000", "CONNECT", "ends within its property length"},
    {"MQTT-3.1.2-17", "10 0d 0004 4d515454 05 82 0000 00 0000", "CONNECT", "ends within its user name"},
    {"MQTT-3.1.2-19", "10 0d 0004 4d515454 05 42 0000 00 0000", "CONNECT", "ends within its password"},
    {"MQTT-3.1.2-16", "10 10 0004 4d515454 05 02 0000 00 0000 0001 75", "CONNECT", "3 bytes follow its end"},
    {"MQTT-3.1.3-3", "10 0b 0004 4d515454 05 02 0000 00", "CONNECT", "ends within its client identifier"},
    {"MQTT-3.1.3-4", "10 0e 0004 4d515454 05 02 0000 00 0001 ff", "CONNECT",
     "client identifier is not UTF-8"},
    {"MQTT-3.1.3-11", "10 13 0004 4d515454 05 06 0000 00 0000 00 0001 ff 0000", "CONNECT",
     "will topic is not UTF-8"},
    {"MQTT-4.7.0-1", "10 13 0004 4d515454 05 06 0000 00 0000 00 0001 23 0000", "CONNECT",
     "will topic \"#\" holds a wildcard"},
    {"MQTT-4.7.3-1", "10 12 0004 4d515454 05 06 0000 00 0000 00 0000 0000", "CONNECT", "will topic is empty",
     violation},
    {"MQTT-3.1.3-12", "10 10 0004 4d515454 05 82 0000 00 0000 0001 ff", "CONNECT", "user name is not UTF-8"},
    {"section 3.1.2.11.3", "10 10 0004 4d515454 05 02 0000 03 21 0000 0000", "CONNECT",
     "receive maximum is 0", violation},
    {"section 3.1.2.11.4", "10 12 0004 4d515454 05 02 0000 05 27 00000000 0000", "CONNECT",
     "maximum packet size is 0", violation},
    {"section 3.1.2.11.2", "10 17 0004 4d515454 05 02 0000 0a 11 00000001 11 00000001 0000", "CONNECT",
     "session expiry interval stands there twice", violation},
    {"section 3.1.2.11.6", "10 0f 0004 4d515454 05 02 0000 02 19 02 0000", "CONNECT",
     "request response information is 2", violation},
    {"section 3.1.2.11.7", "10 0f 0004 4d515454 05 02 0000 02 17 ff 0000", "CONNECT",
     "request problem information is 255", violation},
    {"section 3.1.2.11.10", "10 11 0004 4d515454 05 02 0000 04 16 0001 61 0000", "CONNECT",
     "authentication data without a method", violation},
    {"section 3.1.3.2.2", "10 12 0004 4d515454 05 02 0000 05 18 00000001 0000", "CONNECT",
     "will delay interval is no property of this packet"},
    // CONNACK.
    {"MQTT-3.2.2-6", "20 03 01 87 00", "CONNACK", "it refuses and has a session", violation},
    {"MQTT-3.2.2-8", "20 03 00 01 00", "CONNACK", "reason code 1"},
    {"MQTT-3.2.2-8", "20 03 00 a3 00", "CONNACK", "reason code 163"},
    {"section 3.2.2.3", "20 02 00 00", "CONNACK", "return code of 3.1.1 is 0"},
    {"section 3.2.2.3.3", "20 06 00 00 03 21 0000", "CONNACK", "receive maximum is 0", violation},
    {"section 3.2.2.3.4", "20 05 00 00 02 24 02", "CONNACK", "maximum QoS is 2", violation},
    {"section 3.2.2.3.5", "20 05 00 00 02 25 02", "CONNACK", "retain available is 2", violation},
    {"section 3.2.2.3.6", "20 08 00 00 05 27 00000000", "CONNACK", "maximum packet size is 0", violation},
    {"section 3.2.2.3.11", "20 05 00 00 02 28 02", "CONNACK", "wildcard subscription available is 2",
     violation},
    {"section 3.2.2.3.12", "20 05 00 00 02 29 02", "CONNACK", "subscription identifiers available is 2",
     violation},
    {"section 3.2.2.3.13", "20 05 00 00 02 2a 02", "CONNACK", "shared subscription available is 2",
     violation},
    {"section 2.2.2.2", "20 05 00 00 02 01 01", "CONNACK",
     "payload format indicator is no property of this packet"},
    {"section 2.2.2.2", "20 05 00 00 02 04 01", "CONNACK", "property 4, which does not exist"},
    {"section 2.2.2.2", "20 05 00 00 02 00 01", "CONNACK", "property 0, which does not exist"},
    {"section 2.2.2.1", "20 04 00 00 02 24", "CONNACK", "ends within its properties"},
    {"section 2.2.2.1", "20 04 00 00 01 24", "CONNACK", "ends within its maximum QoS"},
    {"section 2.2.2.1", "20 06 00 00 02 24 01 00", "CONNACK", "1 bytes follow its end"},
    {"MQTT-1.5.5-1", "20 04 00 00 80 00", "CONNACK", "property length has more bytes than needed"},
    {"MQTT-1.5.5-1", "20 06 00 00 03 a4 00 01", "CONNACK", "property identifier has more bytes than needed"},
    {"section 1.5.5", "20 07 00 00 80 80 80 80 01", "CONNACK", "property length has more than four bytes"},
    // PUBLISH.
    {"section 3.3.2.1", "30 03 0000 00", "PUBLISH", "neither a topic name nor an alias", violation},
    {"MQTT-3.3.2-1", "30 05 0002 c328 00", "PUBLISH", "topic name is not UTF-8"},
    {"MQTT-3.3.2-2", "30 06 0003 612f2b 00", "PUBLISH", "topic name \"a/+\" holds a wildcard"},
    {"MQTT-1.5.4-1", "30 06 0003 eda080 00", "PUBLISH", "topic name is not UTF-8"},
    {"MQTT-1.5.4-1", "30 05 0002 c0af 00", "PUBLISH", "topic name is not UTF-8"},
    {"MQTT-1.5.4-1", "30 07 0004 f4908080 00", "PUBLISH", "topic name is not UTF-8"},
    {"MQTT-1.5.4-2", "30 06 0003 610062 00", "PUBLISH", "topic name is not UTF-8 or holds U+0000"},
    {"MQTT-2.2.1-4", "32 06 0001 61 0000 00", "PUBLISH", "packet identifier is 0", violation},
    {"MQTT-2.2.2-1", "30 03 0001 61", "PUBLISH", "ends within its property length"},
    {"section 3.3.2.3.2", "30 06 0001 61 02 01 02", "PUBLISH", "payload format indicator is 2", violation},
    {"section 3.3.2.3.2", "30 08 0001 61 04 01 00 01 00", "PUBLISH",
     "payload format indicator stands there twice", violation},
    {"section 3.3.2.3.3", "30 0e 0001 61 0a 02 00000001 02 00000001", "PUBLISH",
     "message expiry interval stands there twice", violation},
    {"section 3.3.2.3.4", "30 0a 0001 61 06 23 0001 23 0001", "PUBLISH", "topic alias stands there twice",
     violation},
    {"MQTT-3.3.2-8", "30 07 0001 61 03 23 0000", "PUBLISH", "topic alias is 0", Reason::topic_alias_invalid},
    {"MQTT-3.3.2-13", "30 08 0001 61 04 08 0001 80", "PUBLISH", "response topic is not UTF-8"},
    {"MQTT-3.3.2-14", "30 08 0001 61 04 08 0001 2b", "PUBLISH", "response topic \"+\" holds a wildcard"},
    {"MQTT-4.7.3-1", "30 07 0001 61 03 08 0000", "PUBLISH", "response topic is empty", violation},
    {"section 3.3.2.3.6", "30 0a 0001 61 06 09 0000 09 0000", "PUBLISH",
     "correlation data stands there twice", violation},
    {"section 3.3.2.3.8", "30 06 0001 61 02 0b 00", "PUBLISH", "subscription identifier is 0", violation},
    {"MQTT-1.5.5-1", "30 07 0001 61 03 0b 81 00", "PUBLISH",
     "subscription identifier has more bytes than needed"},
    {"MQTT-3.3.2-19", "30 08 0001 61 04 03 0001 00", "PUBLISH", "content type is not UTF-8 or holds U+0000"},
    {"section 1.5.7", "30 0b 0001 61 07 26 0001 61 0001 ff", "PUBLISH", "user property is not UTF-8"},
    {"section 1.5.7", "30 08 0001 61 04 26 0001 61", "PUBLISH", "ends within its user property"},
    {"section 2.2.2.2", "30 06 0001 61 02 24 01", "PUBLISH", "maximum QoS is no property of this packet"},
    // PUBACK, PUBREC, PUBREL, PUBCOMP.
    {"MQTT-2.2.1-5", "40 02 0000", "PUBACK", "packet identifier is 0", violation},
    {"MQTT-3.4.2-1", "40 03 0001 01", "PUBACK", "reason code 1"},
    {"MQTT-3.5.2-1", "50 03 0001 11", "PUBREC", "reason code 17"},
    {"MQTT-3.6.2-1", "62 03 0001 10", "PUBREL", "reason code 16"},
    {"MQTT-3.7.2-1", "70 03 0001 ff", "PUBCOMP", "reason code 255"},
    {"section 3.4.2.2", "40 05 0001 00 00 00", "PUBACK", "1 bytes follow its end"},
    {"section 3.4.2.2", "40 05 0001 00 02 1f", "PUBACK", "ends within its properties"},
    {"section 3.5.2.2", "50 0c 0001 00 08 1f 0001 61 1f 0001 61", "PUBREC",
     "reason string stands there twice", violation},
    {"section 2.2.2.2", "62 07 0001 00 03 21 0001", "PUBREL",
     "receive maximum is no property of this packet"},
    // SUBSCRIBE, SUBACK.
    {"MQTT-2.2.1-3", "82 07 0000 00 0001 61 00", "SUBSCRIBE", "packet identifier is 0", violation},
    {"MQTT-3.8.3-2", "82 03 0001 00", "SUBSCRIBE", "no topic filter", violation},
    {"MQTT-3.8.3-1", "82 07 0001 00 0001 ff 00", "SUBSCRIBE", "topic filter is not UTF-8"},
    {"MQTT-4.7.3-1", "82 06 0001 00 0000 00", "SUBSCRIBE", "topic filter is empty", violation},
    {"MQTT-3.8.3-4", "82 0f 0001 00 0009 2473686172652f612f 04", "SUBSCRIBE", "leaves out its own messages",
     violation},
    {"MQTT-3.8.3-5", "82 07 0001 00 0001 61 40", "SUBSCRIBE", "reserved bits"},
    {"MQTT-3.8.3-5", "82 07 0001 00 0001 61 80", "SUBSCRIBE", "reserved bits"},
    {"section 3.8.3.1", "82 07 0001 00 0001 61 03", "SUBSCRIBE", "QoS of a filter is 3", violation},
    {"section 3.8.3.1", "82 07 0001 00 0001 61 30", "SUBSCRIBE", "retain handling of a filter is 3",
     violation},
    {"section 3.8.3", "82 06 0001 00 0001 61", "SUBSCRIBE", "ends within its subscription options"},
    {"section 3.8.2.1.2", "82 09 0001 02 0b 00 0001 61 00", "SUBSCRIBE", "subscription identifier is 0",
     violation},
    {"section 3.8.2.1.2", "82 0b 0001 04 0b 01 0b 02 0001 61 00", "SUBSCRIBE",
     "subscription identifier stands there twice", violation},
    {"MQTT-3.9.3-2", "90 04 0001 00 03", "SUBACK", "reason code 3"},
    {"MQTT-3.8.4-6", "90 03 0001 00", "SUBACK", "no reason code"},
    // UNSUBSCRIBE, UNSUBACK.
    {"MQTT-3.10.3-2", "a2 03 0001 00", "UNSUBSCRIBE", "no topic filter", violation},
    {"MQTT-3.10.3-1", "a2 06 0001 00 0001 c0", "UNSUBSCRIBE", "topic filter is not UTF-8"},
    {"MQTT-4.7.3-1", "a2 05 0001 00 0000", "UNSUBSCRIBE", "topic filter is empty", violation},
    {"MQTT-3.11.3-2", "b0 04 0001 00 01", "UNSUBACK", "reason code 1"},
    {"MQTT-3.11.3-1", "b0 03 0001 00", "UNSUBACK", "no reason code"},
    // DISCONNECT, AUTH.
    {"MQTT-3.14.2-1", "e0 01 01", "DISCONNECT", "reason code 1"},
    {"MQTT-3.14.2-1", "e0 01 ff", "DISCONNECT", "reason code 255"},
    {"section 3.14.2.2", "e0 03 00 00 00", "DISCONNECT", "1 bytes follow its end"},
    {"MQTT-3.15.2-1", "f0 07 80 05 15 0002 6d6d", "AUTH", "reason code 128"},
    {"section 3.15.2.2.2", "f0 02 18 00", "AUTH", "no authentication method", violation},
    {"section 3.15.2.1", "f0 01 00", "AUTH", "ends within its property length"},
};

constexpr Broken in_311[] = {
    {"MQTT-3.1.2-3", "10 0c 0004 4d515454 04 03 0000 0000", "CONNECT", "reserved flag is set"},
    {"MQTT-3.1.2-13", "10 0c 0004 4d515454 04 0a 0000 0000", "CONNECT", "flags of a will without one"},
    {"MQTT-3.1.2-14", "10 11 0004 4d515454 04 1e 0000 0000 0001 77 0000", "CONNECT", "QoS of its will is 3"},
    {"MQTT-3.1.2-15", "10 0c 0004 4d515454 04 22 0000 0000", "CONNECT", "flags of a will without one"},
    {"MQTT-3.1.2-22", "10 0f 0004 4d515454 04 42 0000 0000 0001 70", "CONNECT",
     "a password without a user name"},
    {"section 3.1.3", "10 0d 0004 4d515454 04 02 0000 0000 00", "CONNECT", "1 bytes follow its end"},
    {"MQTT-3.2.2-4", "20 02 01 05", "CONNACK", "it refuses and has a session", violation},
    {"section 3.2.2.3", "20 02 00 06", "CONNACK", "return code of 3.1.1 is 6"},
    {"section 3.2.2", "20 03 00 00 00", "CONNACK", "1 bytes follow its end"},
    {"MQTT-4.7.3-1", "30 02 0000", "PUBLISH", "neither a topic name nor an alias", violation},
    {"MQTT-1.5.3-1", "30 03 0001 ff", "PUBLISH", "topic name is not UTF-8"},
    {"MQTT-1.5.3-2", "30 03 0001 00", "PUBLISH", "topic name is not UTF-8 or holds U+0000"},
    {"MQTT-3.3.2-2", "30 03 0001 23", "PUBLISH", "topic name \"#\" holds a wildcard"},
    {"MQTT-2.3.1-1", "34 05 0001 61 0000", "PUBLISH", "packet identifier is 0", violation},
    {"section 3.4", "40 03 0001 00", "PUBACK", "1 bytes follow its end"},
    {"section 3.6", "62 04 0001 0000", "PUBREL", "2 bytes follow its end"},
    {"MQTT-2.3.1-1", "82 06 0000 0001 61 00", "SUBSCRIBE", "packet identifier is 0", violation},
    {"MQTT-3.8.3-3", "82 02 0001", "SUBSCRIBE", "no topic filter", violation},
    {"MQTT-3-8.3-4", "82 06 0001 0001 61 03", "SUBSCRIBE", "QoS of a filter is 3", violation},
    {"MQTT-3-8.3-4", "82 06 0001 0001 61 04", "SUBSCRIBE", "reserved bits"},
    {"MQTT-3.9.3-2", "90 03 0001 87", "SUBACK", "return code is 135"},
    {"MQTT-3.9.3-2", "90 03 0001 03", "SUBACK", "reason code 3"},
    {"MQTT-3.10.3-2", "a2 02 0001", "UNSUBSCRIBE", "no topic filter", violation},
    {"section 3.11", "b0 03 0001 00", "UNSUBACK", "1 bytes follow its end"},
    {"section 3.14", "e0 01 00", "DISCONNECT", "1 bytes follow its end"},
    {"section 2.2.1", "f0 00", "AUTH", "3.1.1 has no such packet"},
};

void expect_refused(const Broken& broken, Version version) {
  const auto bytes = support::bytes(broken.hex);
  SCOPED_TRACE(testing::Message() << to_string(version) << " " << broken.statement << ": " << broken.hex);
  try {
    const auto frame = first_frame(bytes, bytes.size());
    ASSERT_TRUE(frame) << "the row itself is cut off";
    ASSERT_EQ(frame->size, bytes.size()) << "the row's own length is wrong";
    parse(*frame, version);
    ADD_FAILURE() << "was read";
  } catch (const ProtocolError& error) {
    EXPECT_NE(error.message().find(broken.packet), std::string::npos) << error.message();
    EXPECT_NE(error.message().find(broken.what), std::string::npos) << error.message();
    EXPECT_EQ(reason_of(error), broken.reason) << error.native();
    EXPECT_EQ(error.backend(), "mqtt");
    EXPECT_FALSE(error.retryable());
  }
}

TEST(Malformed, IsRefusedInBothVersions) {
  for (const auto& broken : in_both_versions) {
    expect_refused(broken, Version::v5);
    expect_refused(broken, Version::v311);
  }
}

TEST(Malformed, IsRefusedInMqtt5) {
  for (const auto& broken : in_5) expect_refused(broken, Version::v5);
}

TEST(Malformed, IsRefusedIn311) {
  for (const auto& broken : in_311) expect_refused(broken, Version::v311);
}

TEST(Malformed, FlagsAndLengthsAreToldBeforeTheRest) {
  EXPECT_THROW(first_frame("HTTP/1.1 400 Bad Request", 1u << 20), ProtocolError);
  EXPECT_THROW(first_frame(support::bytes("36"), 1u << 20), ProtocolError);
  EXPECT_THROW(first_frame(support::bytes("30 80 80 80 80"), 1u << 20), ProtocolError);
  EXPECT_THROW(first_frame(support::bytes("30 ff ff ff 7f"), 1u << 20), ProtocolError);
  EXPECT_FALSE(first_frame(support::bytes("30 ff ff ff"), 1u << 20)) << "its length is not whole yet";
  EXPECT_FALSE(first_frame({}, 1u << 20));
}

TEST(Malformed, TheFirstPacketIsAConnect) {
  const auto ping = support::bytes("c0 00");
  try {
    connect_version(*first_frame(ping, 2));
    FAIL() << "[MQTT-3.1.0-1]";
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.message(), "PINGREQ against the protocol: the first packet is a CONNECT");
  }
  const auto cut = support::bytes("10 03 0004 4d");
  EXPECT_THROW(connect_version(*first_frame(cut, 5)), ProtocolError);
}

TEST(Malformed, OtherErrorsHaveNoReasonOfTheirOwn) {
  EXPECT_EQ(reason_of(ClosedError("closed")), Reason::unspecified);
}

}  // namespace
}  // namespace omnibus::mqtt
