#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "settings/tests/environment.hpp"

namespace omnibus {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SettingsTest : public testing::Test {
 protected:
  CleanEnvironment environment_;
};

TEST_F(SettingsTest, HasTheSpecsDefaults) {
  const auto settings = parsed({});
  EXPECT_EQ(settings.pubsub_url, "pulsar://localhost:6650");
  EXPECT_EQ(settings.id, "sample");
  EXPECT_EQ(settings.config_push_queue, "q2/tg/config/config");
  EXPECT_EQ(settings.log_level, log::Level::info);
  EXPECT_TRUE(settings.metrics);
  EXPECT_EQ(settings.metrics_port, 8000);
  EXPECT_EQ(settings.shutdown_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings.bus.nulls, Nulls::omit);
  EXPECT_EQ(settings.bus.max_buffered, 256u << 20);
  EXPECT_EQ(settings.bus.instance, "");
}

TEST_F(SettingsTest, KeepsTheFirstOfTwoFlagsOfOneName) {
  Flags flags;
  flags.integer("size", "first", 1)
      .text("key", "secret")
      .integer("size", "second", 2)
      .text("key", "")
      .secret();
  ASSERT_EQ(flags.definitions().size(), 2u);
  for (const auto& each : flags.definitions()) {
    EXPECT_EQ(each.help, each.name == "size" ? "first" : "secret");
    EXPECT_EQ(each.hidden, each.name == "key");
  }
}

TEST_F(SettingsTest, TakesEveryCommonFlag) {
  const auto settings = parsed({"--id", "mine", "-l", "debug", "--no-metrics", "-P", "9001",
                                "--shutdown-timeout", "1m", "--config-push-queue", "q1/a/b/c", "--json-nulls",
                                "EMIT", "--instance=i1", "--max-buffered", "1MiB"});
  EXPECT_EQ(settings.id, "mine");
  EXPECT_EQ(settings.log_level, log::Level::debug);
  EXPECT_FALSE(settings.metrics);
  EXPECT_EQ(settings.metrics_port, 9001);
  EXPECT_EQ(settings.shutdown_timeout, std::chrono::minutes(1));
  EXPECT_EQ(settings.config_push_queue, "q1/a/b/c");
  EXPECT_EQ(settings.bus.nulls, Nulls::emit);
  EXPECT_EQ(settings.bus.instance, "i1");
  EXPECT_EQ(settings.bus.max_buffered, 1u << 20);
}

TEST_F(SettingsTest, FlagWinsOverVariable) {
  environment_.set("PUBSUB_JSON_NULLS", "emit");
  EXPECT_EQ(parsed({}).bus.nulls, Nulls::emit);
  EXPECT_EQ(parsed({"--json-nulls", "omit"}).bus.nulls, Nulls::omit);
}

TEST_F(SettingsTest, EmptyVariableCountsAsUnset) {
  environment_.set("PUBSUB_JSON_NULLS", "");
  environment_.set("PUBSUB_URL", "");
  EXPECT_EQ(parsed({}).bus.nulls, Nulls::omit);
}

TEST_F(SettingsTest, LastOfARepeatedFlagWins) {
  EXPECT_EQ(parsed({"--id", "a", "--id", "b"}).id, "b");
  EXPECT_TRUE(parsed({"--no-metrics", "--metrics"}).metrics);
}

TEST_F(SettingsTest, ReadsOwnFlagsOfEveryKind) {
  Flags own;
  own.text("name", "a text", "anon", "OWN_FLAG", 'n')
      .integer("count", "a count", 3)
      .number("ratio", "a ratio", 0.5)
      .duration("wait", "a time", "2s")
      .size("limit", "a size", "1KiB")
      .port("port", "a port", 8088)
      .choice("mode", "a mode", {"fast", "safe"}, "safe")
      .flag("loud", "more noise")
      .list("property", "key=value")
      .positional("queue", "the queue")
      .positional("files", "files", false, true);
  const auto settings = parsed({"q1/a/b/c",   "--count", "-7",     "--property",  "a=[1,2]",
                                "--property", "b=",      "one",    "--ratio=1e3", "--wait",
                                "5ms",        "--limit", "2k",     "--port",      "0",
                                "--mode",     "fast",    "--loud", "--",          "--two"},
                               own);
  EXPECT_EQ(settings.text("name"), "anon");
  EXPECT_EQ(settings.integer("count"), -7);
  EXPECT_EQ(settings.number("ratio"), 1000);
  EXPECT_EQ(settings.duration("wait"), std::chrono::milliseconds(5));
  EXPECT_EQ(settings.size("limit"), 2048u);
  EXPECT_EQ(settings.port("port"), 0);
  EXPECT_EQ(settings.text("mode"), "fast");
  EXPECT_TRUE(settings.flag("loud"));
  EXPECT_THAT(settings.list("property"), ElementsAre("a=[1,2]", "b="));
  EXPECT_EQ(settings.text("queue"), "q1/a/b/c");
  EXPECT_THAT(settings.list("files"), ElementsAre("one", "--two"));
}

TEST_F(SettingsTest, OwnVariableCountsWhenTheFlagIsAbsent) {
  Flags own;
  own.text("name", "a text", std::nullopt, "OWN_FLAG");
  EXPECT_EQ(parsed({}, own).maybe("name"), std::nullopt);
  environment_.set("OWN_FLAG", "from outside");
  EXPECT_EQ(parsed({}, own).maybe("name"), "from outside");
  EXPECT_EQ(parsed({"--name", "inside"}, own).maybe("name"), "inside");
}

TEST_F(SettingsTest, EmptyValueIsAValue) {
  Flags own;
  own.text("name", "a text", "x").list("all", "many");
  EXPECT_EQ(parsed({"--name", ""}, own).maybe("name"), "");
  EXPECT_EQ(parsed({"--name=", "--id", "y"}, own).maybe("name"), "");
  EXPECT_THAT(parsed({}, own).list("all"), IsEmpty());
}

TEST_F(SettingsTest, OwnFlagReplacesACommonOneAndTakesItsLetter) {
  Flags own;
  own.integer("port", "a port", 1, {}, 'p').text("instance", "mine", "here");
  const auto settings = parsed({"-p", "5"}, own);
  EXPECT_EQ(settings.integer("port"), 5);
  EXPECT_EQ(settings.bus.instance, "here");
}

TEST_F(SettingsTest, NamesFlagValueAndWhatItTakes) {
  EXPECT_EQ(complaint({"--metrics-port", "70000"}), "--metrics-port: '70000' is not a port, 0 to 65535");
  EXPECT_THAT(complaint({"--shutdown-timeout", "soon"}),
              HasSubstr("--shutdown-timeout: 'soon' is not a time"));
  EXPECT_THAT(complaint({"--max-buffered", "much"}), HasSubstr("--max-buffered: 'much' is not a size"));
  EXPECT_THAT(complaint({"-l", "warnin"}),
              AllOf(HasSubstr("--log-level: unknown 'warnin'"), HasSubstr("warning?")));
  EXPECT_THAT(complaint({"--config-push-queue", "nonsense"}), HasSubstr("nonsense"));
  EXPECT_THAT(complaint({"--id", ""}), HasSubstr("--id"));
}

TEST_F(SettingsTest, NamesTheVariableWhenItHoldsTheBadValue) {
  environment_.set("MQTT_PORT", "many");
  EXPECT_EQ(complaint({}), "MQTT_PORT: 'many' is not a port, 0 to 65535");
}

TEST_F(SettingsTest, UnknownBackendListsTheKnownOnesAndTheNearOne) {
  EXPECT_THAT(complaint({"--pubsub-backend", "pulsr"}),
              AllOf(HasSubstr("--pubsub-backend: unknown 'pulsr'"), HasSubstr("embedded, pulsar, mqtt"),
                    HasSubstr("did you mean pulsar?")));
}

TEST_F(SettingsTest, UnknownFlagSuggestsTheNearOne) {
  EXPECT_EQ(complaint({"--pubsub-ulr=x"}), "unknown flag --pubsub-ulr (did you mean --pubsub-url?)");
  EXPECT_EQ(complaint({"--no-metric"}), "unknown flag --no-metric (did you mean --no-metrics?)");
  EXPECT_EQ(complaint({"--zzzzzzzz", "1"}), "unknown flag --zzzzzzzz (see omnibus sample --help)");
  EXPECT_THAT(complaint({"-z"}), HasSubstr("unknown flag -z"));
}

TEST_F(SettingsTest, ReportsMissingAndSurplusArguments) {
  Flags own;
  own.positional("queue", "the queue to read");
  EXPECT_THAT(complaint({}, own), HasSubstr("missing argument queue: the queue to read"));
  EXPECT_THAT(complaint({"a", "b"}, own), HasSubstr("unexpected argument 'b'"));
  EXPECT_THAT(complaint({"a"}), HasSubstr("unexpected argument 'a'"));
  EXPECT_THAT(complaint({"--id"}), HasSubstr("--id"));
}

std::string exit_text(const std::vector<std::string>& arguments, const Flags& own = {}) {
  try {
    (void)parsed(arguments, own);
  } catch (const Settings::Exit& exit) {
    EXPECT_EQ(exit.status, 0);
    return exit.text;
  }
  return "no exit";
}

TEST_F(SettingsTest, HelpShowsGroupsVariablesDefaultsAndEpilogue) {
  Flags own;
  own.port("port", "where to listen", 8088, "OWN_FLAG").text("password", "hush", "geheim").secret();
  own.positional("file", "what to read", false, true);
  const auto help = exit_text({"--help"}, own);
  EXPECT_THAT(help, AllOf(HasSubstr("Shows flags."), HasSubstr("Usage: omnibus sample [flags] [file…]"),
                          HasSubstr("--port PORT"), HasSubstr("[default 8088; env OWN_FLAG]"),
                          HasSubstr("-p, --pulsar-host TEXT"), HasSubstr("env PULSAR_HOST"),
                          HasSubstr("Broker:"), HasSubstr("--metrics, --no-metrics"),
                          HasSubstr("Exit status: 0 fine"), Not(HasSubstr("geheim"))));
  EXPECT_EQ(exit_text({"-h"}, own), help);
}

TEST_F(SettingsTest, HelpDoesNotNeedTheRequiredArguments) {
  Flags own;
  own.positional("queue", "the queue");
  EXPECT_THAT(exit_text({"--help"}, own), HasSubstr("queue"));
}

TEST_F(SettingsTest, VersionNamesProgramAndNumber) {
  EXPECT_THAT(exit_text({"--version"}), testing::MatchesRegex("omnibus sample [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(SettingsTest, ProgramsWithoutABusRefuseItsFlags) {
  EXPECT_THROW(parsed({"--pubsub-url", "embedded://"}, {}, Settings::Common::none), ConfigError);
  EXPECT_THROW(parsed({"--metrics-port", "1"}, {}, Settings::Common::bus), ConfigError);
  EXPECT_EQ(parsed({"--pubsub-url", "embedded://"}, {}, Settings::Common::bus).pubsub_url, "embedded://");
}

TEST_F(SettingsTest, AskingForAFlagThatIsNotThereIsADefect) {
  EXPECT_THROW(parsed({}).text("nonesuch"), Error);
  EXPECT_THROW(parsed({}).integer("instance"), Error);
}

}  // namespace
}  // namespace omnibus
