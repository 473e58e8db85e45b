// One message from a producer to a consumer, with nothing installed.

#include <iostream>
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

  outbox.send({.who = "world"});

  const auto message = inbox.receive();
  std::cout << "hello, " << message->who << '\n';
  inbox.acknowledge(message);
}
