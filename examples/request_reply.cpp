// A service that answers requests, and a client that waits for its answer.

#include <iostream>
#include <omnibus/framework/framework.hpp>
#include <omnibus/omnibus.hpp>

struct Question {
  std::int64_t left = 0;
  std::int64_t right = 0;
};

struct Answer {
  std::int64_t sum = 0;
};

int main() {
  namespace framework = omnibus::framework;
  auto bus = omnibus::connect("embedded://");
  const auto questions = omnibus::topic("add-request");
  const auto answers = omnibus::topic("add-response");

  // The service: the property `id` tells the client which question an answer belongs to.
  auto replies = bus.create_producer<Answer>(answers);
  framework::Consumer<Question> service(
      bus, {.id = "adder", .name = "input", .queue = questions, .subscription = "adder"},
      framework::Handler<Question>(
          [&](const omnibus::Message<Question>& question, const framework::Context&) {
            omnibus::SendOptions options;
            options.properties.set("id", question.properties().value_or("id", ""));
            replies.send({.sum = question->left + question->right}, options);
          }));
  service.start();

  framework::RequestResponse<Question, Answer> client(
      bus, {.id = "example", .name = "add", .request = questions, .response = answers, .subscription = ""});
  client.start();
  const Answer answer = client.request({.left = 40, .right = 2}, std::chrono::seconds(10));
  std::cout << "40 + 2 = " << answer.sum << '\n';

  client.stop();
  service.stop();
  return answer.sum == 42 ? 0 : 1;
}
