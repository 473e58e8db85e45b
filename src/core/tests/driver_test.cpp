#include <omnibus/driver.hpp>

#include <set>

#include <gtest/gtest.h>

#include <omnibus/raw.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::driver {
namespace {

struct Note {
  std::optional<std::string> text;
  int number = 7;
};

/// Offers nothing beyond what every driver must.
struct BareBackend : Backend {
  explicit BareBackend(Nulls nulls = Nulls::omit) : Backend(nulls) {}
  std::string_view name() const noexcept override { return "bare"; }
  const Features& features() const noexcept override { return abilities; }
  void create_producer(const ProducerConfig&, Result<std::unique_ptr<Producer>> done) override {
    done(nullptr, nullptr);
  }
  void create_consumer(const ConsumerConfig&, Sink&, Result<std::unique_ptr<Consumer>> done) override {
    done(nullptr, nullptr);
  }
  void close(TimePoint, Completion done) override { done(nullptr); }
  Features abilities;
};

std::string encoded(Nulls nulls) {
  BareBackend backend(nulls);
  std::string out = "before ";
  const Note note;
  backend.encoder(schema::type_of<Note>())->encode(&note, out);
  return out;
}

TEST(BareBackend, WritesAndReadsJsonAsTheConnectionAsks) {
  EXPECT_EQ(encoded(Nulls::omit), R"(before {"number":7})");
  EXPECT_EQ(encoded(Nulls::emit), R"(before {"text":null,"number":7})");
  BareBackend backend;
  Note note;
  const auto decoder = backend.decoder(schema::type_of<Note>());
  decoder->decode(R"({"text":"x"})", &note);
  EXPECT_EQ(note.text, "x");
  EXPECT_THROW(decoder->decode("{", &note), DecodeError);
}

TEST(BareBackend, PassesRawThrough) {
  BareBackend backend;
  const Raw sent{std::string("\0\xff{", 3)};
  std::string out;
  backend.encoder(schema::type_of<Raw>())->encode(&sent, out);
  Raw received;
  backend.decoder(schema::type_of<Raw>())->decode(out, &received);
  EXPECT_EQ(received, sent);
}

TEST(BareBackend, SaysWhatItDoesNotOfferAndWhoItIs) {
  BareBackend backend;
  int answers = 0;
  const auto unsupported = [&](const Error* error) {
    ++answers;
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code(), ErrorCode::unsupported);
    EXPECT_EQ(error->backend(), "bare");
    EXPECT_FALSE(error->retryable());
  };
  const auto queue = topic("q");
  backend.create_subscription(queue, "s", Position::latest, unsupported);
  backend.remove_subscription(queue, "s", unsupported);
  backend.statistics(queue, [&](const Error* error, const QueueStatistics&) { unsupported(error); });
  backend.begin("id", [&](const Error* error, std::unique_ptr<Transaction> transaction) {
    unsupported(error);
    EXPECT_EQ(transaction, nullptr);
  });
  EXPECT_EQ(answers, 4);
}

TEST(Features, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < feature_count; ++i) names.insert(to_string(static_cast<Feature>(i)));
  EXPECT_EQ(names.size(), feature_count);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(to_string(Feature::link_loss), "link_loss");
  EXPECT_EQ(to_string(Support::missing), "missing");
  EXPECT_EQ(to_string(Support::native), "native");
}

TEST(Features, AreMissingUntilDeclared) {
  Features features;
  EXPECT_FALSE(features.has(Feature::durable));
  features.set(Feature::durable, Support::weaker, "only while it runs");
  EXPECT_TRUE(features.has(Feature::durable));
  EXPECT_EQ(features[Feature::durable].note, "only while it runs");
}

}  // namespace
}  // namespace omnibus::driver
