#pragma once

/// What the tests of this folder share.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "wire/loop.hpp"
#include "wire/stream.hpp"

namespace omnibus::wire {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A peer in this process, on a thread of its own.
class Peer {
 public:
  template <class Script>
  explicit Peer(Script script)
      : thread_([this, script] {
          tcp::socket socket(context_);
          acceptor_.accept(socket);
          script(socket);
        }) {}
  Address address() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::jthread thread_;
};

template <class T>
T on(Loop& loop, UniqueFunction<T()> work) {
  auto result = std::make_shared<std::promise<T>>();
  auto future = result->get_future();
  loop.post([work = std::move(work), result]() mutable { result->set_value(work()); });
  return future.get();
}

}  // namespace omnibus::wire
