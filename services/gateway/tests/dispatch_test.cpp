#include "services/gateway/dispatch/dispatch.hpp"

#include <gtest/gtest.h>
#include <omnibus/base64.hpp>
#include <omnibus/catalogue/document.hpp>

#include <array>
#include <future>
#include <thread>

namespace omnibus::gateway {
namespace {

using std::chrono::seconds;

class DispatchTest : public testing::Test {
 protected:
  static framework::Configuration flow_to(const std::string& queue) {
    return {{"flow", {{"f", R"({"interfaces": {"text-load": ")" + queue + R"("}})"}}}};
  }
  /// Loads a document into the flow and waits for the answer.
  std::string load(const std::string& id) {
    std::promise<std::string> answered;
    const auto body = R"({"id": ")" + id + R"(", "text": ")" + base64::encode("text") + R"("})";
    dispatch_.http({"f", "text-load", body}, [&](Answer answer) {
      answered.set_value(std::move(answer.body));
      return true;
    });
    return answered.get_future().get();
  }

  Bus bus_ = connect("embedded://");
  Dispatch dispatch_{bus_, {}};
};

TEST_F(DispatchTest, NoDocumentGoesWhereTheFlowNoLongerIs) {
  const std::array<std::string, 2> queues{"q1/tg/flow/one", "q1/tg/flow/two"};
  std::array<Consumer<catalogue::TextDocument>, 2> readers{
      bus_.create_consumer<catalogue::TextDocument>(QueueName::parse(queues[0]), "test"),
      bus_.create_consumer<catalogue::TextDocument>(QueueName::parse(queues[1]), "test")};
  dispatch_.configure(flow_to(queues[0]));
  std::vector<std::jthread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) load("other");
    });
  }
  for (std::size_t i = 1; i < 1000; ++i) {
    dispatch_.configure(flow_to(queues[i % 2]));
    const auto id = std::to_string(i);
    ASSERT_EQ(load(id), "{}");
    for (std::string seen; seen != id;) {
      const auto message = readers[i % 2].poll(seconds(10));
      ASSERT_TRUE(message) << "document " << id << " went to the queue that the flow had before";
      seen = message->value().metadata->id;
      readers[i % 2].acknowledge(*message);
    }
  }
}

}  // namespace
}  // namespace omnibus::gateway
