// A flow processor: turns the texts of a flow into upper case. Beside `omnibus up`, with --pubsub-backend
// embedded, it starts and stops with the flows whose blueprint names "upper-case:{id}" with the queues
// `input` and `output`. With --try it needs nothing: one flow, in memory, one text.

#include <cctype>
#include <iostream>
#include <thread>

#include <omnibus/catalogue/config.hpp>
#include <omnibus/framework/framework.hpp>
#include <omnibus/omnibus.hpp>

namespace framework = omnibus::framework;

struct Text {
  std::string body;
};

class UpperCase : public framework::FlowProcessor {
 public:
  UpperCase(omnibus::Bus bus, omnibus::Settings settings)
      : FlowProcessor(std::move(bus), std::move(settings)) {
    add<framework::ConsumerSpec<Text>>("input", framework::Handler<Text>(convert), 4);
    add<framework::ProducerSpec<Text>>("output");
  }

 private:
  // Returning acknowledges the message, an exception brings it back later.
  static void convert(const omnibus::Message<Text>& message, const framework::Context& context) {
    Text result = message.value();
    for (char& c : result.body) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    context.in->producer<Text>("output").send(result, message.properties());
  }
};

int try_it() {
  auto bus = omnibus::connect("embedded://");
  omnibus::Settings settings;
  settings.id = "upper-case";
  UpperCase processor(bus, settings);
  processor.start();
  auto results = bus.create_consumer<Text>(omnibus::topic("out"), "reader");
  bus.create_producer<omnibus::catalogue::ConfigPush>(omnibus::QueueName::parse(settings.config_push_queue))
      .send({.version = 1,
             .config = {
                 {"active-flow",
                  {{"upper-case", R"({"f1": {"input": "q1/tg/flow/in", "output": "q1/tg/flow/out"}})"}}}}});
  while (processor.flows().empty()) std::this_thread::yield();
  bus.create_producer<Text>(omnibus::topic("in")).send({"hello, flow"});
  std::cout << results.receive(std::chrono::seconds(10))->body << '\n';
  processor.stop();
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--try") return try_it();
  return framework::run_program<UpperCase>(
      omnibus::Settings::from(argc, argv, framework::FlowProcessor::flags()));
}
