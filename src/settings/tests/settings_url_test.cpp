#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "settings/tests/environment.hpp"

namespace omnibus {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SettingsUrl : public testing::Test {
 protected:
  std::string url(const std::vector<std::string>& arguments) { return parsed(arguments).pubsub_url; }

  CleanEnvironment environment_;
};

TEST_F(SettingsUrl, IsTakenAsGiven) {
  EXPECT_EQ(url({"--pubsub-url", "embedded:///tmp/x?durability=sync"}), "embedded:///tmp/x?durability=sync");
  environment_.set("PUBSUB_URL", "nats://n:4222");
  EXPECT_EQ(url({}), "nats://n:4222");
  EXPECT_EQ(url({"--pubsub-url", "embedded://"}), "embedded://");
}

TEST_F(SettingsUrl, ComesFromBackendAndItsFlags) {
  EXPECT_EQ(url({"-p", "pulsar+ssl://p:6651"}), "pulsar+ssl://p:6651");
  EXPECT_EQ(url({"--pulsar-host", "p:6650"}), "pulsar://p:6650");
  EXPECT_EQ(url({"--pulsar-api-key", "a/b=", "--pulsar-listener", "ext"}),
            "pulsar://localhost:6650?token=a%2Fb%3D&listener=ext");
  EXPECT_EQ(url({"--pubsub-backend", "mqtt"}), "mqtt://localhost:1883");
  EXPECT_EQ(url({"--pubsub-backend", "mqtt", "--mqtt-host", "::1", "--mqtt-port", "1884", "--mqtt-username",
                 "u@x", "--mqtt-password", "p:w"}),
            "mqtt://u%40x:p%3Aw@[::1]:1884");
  EXPECT_EQ(url({"--pubsub-backend", "kafka"}), "kafka://localhost:9092");
  EXPECT_EQ(url({"--pubsub-backend", "rabbitmq"}), "amqp://localhost:5672");
  environment_.set("PUBSUB_BACKEND", "mqtt");
  environment_.set("MQTT_HOST", "m");
  EXPECT_EQ(url({}), "mqtt://m:1883");
  EXPECT_EQ(url({"--mqtt-host", "n"}), "mqtt://n:1883");
  EXPECT_EQ(url({"--pubsub-backend", "pulsar"}), "pulsar://localhost:6650");
}

TEST_F(SettingsUrl, EmbeddedBackendSharesTheStateDirectory) {
  ::setenv("XDG_STATE_HOME", "/var/state", 1);
  EXPECT_EQ(url({"--pubsub-backend", "embedded"}), "embedded:///var/state/omnibus");
  ::unsetenv("XDG_STATE_HOME");
}

TEST_F(SettingsUrl, WinsOverAgreeingBackendFlags) {
  EXPECT_EQ(url({"--pubsub-url", "pulsar://a:1", "--pubsub-backend", "pulsar"}), "pulsar://a:1");
  EXPECT_EQ(url({"--pubsub-url", "pulsar://a:1", "--pulsar-host", "pulsar://a:1"}), "pulsar://a:1");
  EXPECT_EQ(url({"--pubsub-url", "embedded://", "--pulsar-host", "pulsar://a:1"}), "embedded://");
  environment_.set("PULSAR_HOST", "pulsar://b:1");
  EXPECT_EQ(url({"--pubsub-url", "pulsar://a:1"}), "pulsar://a:1");
}

TEST_F(SettingsUrl, TakesTheMqttLoginThatItLacks) {
  environment_.set("MQTT_USERNAME", "me");
  environment_.set("MQTT_PASSWORD", "p/w");
  EXPECT_EQ(url({"--pubsub-backend", "mqtt"}), "mqtt://me:p%2Fw@localhost:1883");
  EXPECT_EQ(url({"--pubsub-url", "mqtts://m:8883?tls_ca=f"}), "mqtts://me:p%2Fw@m:8883?tls_ca=f");
  EXPECT_EQ(url({"--pubsub-url", "mqtts://m:8883", "--mqtt-username", "you"}), "mqtts://you:p%2Fw@m:8883");
  for (const std::string own :
       {"mqtt://u:v@m:1883", "mqtt://m:1883?user=u", "mqtt://m:1883?version=5&user=u"}) {
    EXPECT_EQ(url({"--pubsub-url", own}), own);
  }
  EXPECT_EQ(url({"--pubsub-url", "pulsar://p:1"}), "pulsar://p:1");
}

TEST_F(SettingsUrl, MqttPasswordOfNobodyIsRefused) {
  EXPECT_THAT(complaint({"--pubsub-backend", "mqtt", "--mqtt-password", "geheim"}),
              AllOf(HasSubstr("--mqtt-password"), HasSubstr("--mqtt-username"), Not(HasSubstr("geheim"))));
  environment_.set("MQTT_PASSWORD", "left over");
  EXPECT_EQ(url({"--pubsub-backend", "mqtt"}), "mqtt://localhost:1883");
}

TEST_F(SettingsUrl, TakesCredentialsThatItLacks) {
  environment_.set("PULSAR_API_KEY", "k");
  EXPECT_EQ(url({"--pubsub-url", "pulsar://a:1?listener=x"}), "pulsar://a:1?listener=x&token=k");
  EXPECT_EQ(url({"--pubsub-url", "pulsar://a:1?token=own"}), "pulsar://a:1?token=own");
}

TEST_F(SettingsUrl, DisagreeingWithTheBackendIsRefused) {
  EXPECT_THAT(complaint({"--pubsub-url", "embedded://", "--pubsub-backend", "mqtt"}),
              AllOf(HasSubstr("embedded://"), HasSubstr("mqtt"), HasSubstr("disagree")));
  EXPECT_THAT(complaint({"--pubsub-url", "pulsar://a:1", "--pulsar-host", "pulsar://b:1"}),
              HasSubstr("disagree"));
  environment_.set("PUBSUB_URL", "nats://n");
  environment_.set("PUBSUB_BACKEND", "redis");
  EXPECT_THAT(complaint({}), HasSubstr("disagree"));
}

TEST_F(SettingsUrl, FlagWinsOverVariableOfTheOtherKind) {
  environment_.set("PUBSUB_URL", "nats://n:1");
  EXPECT_EQ(url({"--pubsub-backend", "pulsar"}), "pulsar://localhost:6650");
  EXPECT_EQ(url({"--pubsub-backend", "nats"}), "nats://n:1");
  environment_.set("PUBSUB_URL", "pulsar://n:1");
  EXPECT_EQ(url({"--pulsar-host", "pulsar://m:1"}), "pulsar://m:1");
  environment_.set("PUBSUB_BACKEND", "pulsar");
  EXPECT_EQ(url({"--pubsub-url", "embedded://"}), "embedded://");
}

TEST_F(SettingsUrl, AddressFlagOfABackendNotChosenIsRefused) {
  environment_.set("PUBSUB_URL", "embedded://");
  EXPECT_THAT(
      complaint({"--pulsar-host", "pulsar://m:1"}),
      AllOf(HasSubstr("--pulsar-host"), HasSubstr("PUBSUB_URL"), HasSubstr("--pubsub-backend pulsar")));
}

TEST_F(SettingsUrl, ProgramsDefaultCountsOnlyWhenNothingIsTold) {
  Settings::About about;
  about.program = "omnibus up";
  about.id = "up";
  about.default_url = "embedded:///d";
  EXPECT_EQ(Settings::parse(about, {}).pubsub_url, "embedded:///d");
  EXPECT_EQ(Settings::parse(about, {"--pubsub-backend", "embedded"}).pubsub_url, "embedded:///d");
  EXPECT_EQ(Settings::parse(about, {"--pubsub-backend", "pulsar"}).pubsub_url, "pulsar://localhost:6650");
  EXPECT_EQ(Settings::parse(about, {"-p", "pulsar://x:1"}).pubsub_url, "pulsar://x:1");
  environment_.set("PULSAR_HOST", "pulsar://y:1");
  EXPECT_EQ(Settings::parse(about, {}).pubsub_url, "embedded:///d");
}

TEST_F(SettingsUrl, MalformedOnesSayWhatIsKnown) {
  EXPECT_THAT(complaint({"--pubsub-url", "pulsr://x"}),
              AllOf(HasSubstr("pulsr://x"), HasSubstr("pulsar://?")));
  EXPECT_THAT(complaint({"--pubsub-url", "pulsar"}), HasSubstr("embedded://"));
  EXPECT_THAT(complaint({"--pulsar-host", "http://u:secret@x"}),
              AllOf(HasSubstr("--pulsar-host"), Not(HasSubstr("secret"))));
}

TEST_F(SettingsUrl, ErrorsDoNotShowSecrets) {
  EXPECT_THAT(complaint({"--pubsub-url", "pulsar://a:1?token=geheim", "--pubsub-backend", "mqtt"}),
              Not(HasSubstr("geheim")));
  for (const std::string login : {"mqtt://me:geheim@a:1", "mqtt://a:1?user=me&password=geheim"}) {
    EXPECT_THAT(complaint({"--pubsub-url", login, "--pubsub-backend", "pulsar"}), Not(HasSubstr("geheim")));
  }
}

}  // namespace
}  // namespace omnibus
