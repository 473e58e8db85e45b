// A stranger's program: uses the installed package and nothing of this source tree.
#include <iostream>
#include <omnibus/framework/framework.hpp>
#include <omnibus/omnibus.hpp>

struct Greeting {
  std::string who;
  int times = 1;
};

int main() {
  auto bus = omnibus::connect("embedded://");
  const auto hello = omnibus::topic("hello");
  auto inbox = bus.create_consumer<Greeting>(hello, "readers");
  auto outbox = bus.create_producer<Greeting>(hello);
  outbox.send({.who = "package", .times = 3});
  const auto message = inbox.receive();
  inbox.acknowledge(message);
  std::cout << "hello, " << message->who << " x" << message->times << '\n';

  // A flow processor brings in every library that a program may need.
  omnibus::Settings settings;
  settings.id = "package";
  omnibus::framework::FlowProcessor processor(bus, settings);
  processor.start();
  processor.stop();
  return message->who == "package" && message->times == 3 ? 0 : 1;
}
