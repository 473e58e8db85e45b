#include <fstream>

#include <omnibus/catalogue/registry.hpp>
#include <omnibus/json.hpp>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

/// One line of the recorded messages; its other fields do not matter here. Without json: it could not be
/// written.
struct Recorded {
  std::string type = {};
  std::string json = {};
};

/// A value of a type that is known only at run time.
class Value {
 public:
  explicit Value(const schema::Type& type) : type_(type), value_(type.create()) {}
  ~Value() { type_.destroy(value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  void read(std::string_view text) { type_.decode_json(text, {.nulls = Nulls::emit}, value_); }
  std::string text() const {
    std::string out;
    type_.encode_json(value_, {.nulls = Nulls::emit}, out);
    return out;
  }
  void* get() noexcept { return value_; }

 private:
  const schema::Type& type_;
  void* value_;
};

class Catalogue : public Case {
 protected:
  /// Texts to send of one type: its default and what was recorded of it.
  static std::vector<std::string> texts_of(std::string_view name, const std::vector<Recorded>& recorded) {
    std::vector<std::string> texts{"{}"};
    for (const auto& each : recorded) {
      if (each.type == name && !each.json.empty()) texts.push_back(each.json);
    }
    return texts;
  }
  static std::vector<Recorded> recorded() {
    std::ifstream lines(OMNIBUS_TEST_DATA "/vectors/encode.jsonl");
    std::vector<Recorded> all;
    for (std::string line; std::getline(lines, line);) {
      all.push_back(omnibus::json::decode<Recorded>(line));
    }
    return all;
  }
};

TEST_F(Catalogue, EveryTypeArrivesAsItWasSent) {
  const auto vectors = recorded();
  ASSERT_FALSE(vectors.empty()) << "the recorded messages are missing";
  std::size_t types = 0, messages = 0;
  for (const std::string_view name : catalogue::names()) {
    SCOPED_TRACE(name);
    const auto& type = *catalogue::find(name);
    const auto where = queue(name);
    auto inbox = bus().create_consumer(where, "readers", type, {});
    auto outbox = bus().create_producer(where, type, {});
    ++types;
    for (const auto& text : texts_of(name, vectors)) {
      Value sent(type), got(type);
      sent.read(text);
      outbox->send(sent.get(), {});
      const auto envelope = inbox->receive(options().patience);
      ASSERT_TRUE(envelope) << text;
      ASSERT_TRUE(inbox->decode(*envelope, got.get())) << text;
      EXPECT_EQ(got.text(), sent.text());
      inbox->acknowledge_async(*envelope, {});
      ++messages;
    }
  }
  report("types", types);
  report("messages", messages);
  EXPECT_GE(types, 74u);
}

}  // namespace
}  // namespace omnibus::conformance
