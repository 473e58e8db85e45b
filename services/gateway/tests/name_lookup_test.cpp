#include "services/gateway/server/name_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace omnibus::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A name server that says nothing until it is told.
class NameServer {
 public:
  NameServer() : socket_(io_, {asio::ip::address_v4::loopback(), 0}) {}
  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }
  /// Takes a question.
  void take() { size_ = socket_.receive_from(asio::buffer(question_), asker_); }
  /// Takes questions and answers those for IPv4 with 127.0.0.9, others with nothing.
  void answer(int questions) {
    for (int i = 0; i < questions; ++i) {
      take();
      std::string reply(question_.data(), size_);
      const bool v4 = reply.at(reply.find('\0', 12) + 2) == 1;
      const auto end = reply.find('\0', 12) + 5;  // name, type, class
      reply.resize(end);
      reply[2] = '\x81';
      reply[3] = '\x80';
      reply[7] = v4 ? 1 : 0;  // answers
      for (const int unused : {8, 9, 10, 11}) reply[static_cast<std::size_t>(unused)] = 0;
      if (v4) reply += std::string("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x09", 16);
      socket_.send_to(asio::buffer(reply), asker_);
    }
  }

 private:
  asio::io_context io_;
  udp::socket socket_;
  udp::endpoint asker_;
  std::array<char, 512> question_{};
  std::size_t size_ = 0;
};

class Lookup : public testing::Test {
 protected:
  void find(NameLookup& names, const std::string& host, milliseconds timeout = seconds(60)) {
    asio::co_spawn(io_, names.find(host, "9090", timeout),
                   [this](const std::exception_ptr&, NameLookup::Found found) { found_ = std::move(found); });
  }

  NameServer server_;
  asio::io_context io_;
  std::optional<NameLookup::Found> found_;
};

TEST_F(Lookup, AsksTheNameServer) {
  NameLookup names(io_.get_executor(), server_.address());
  find(names, "prometheus.example.");
  std::jthread answering([&] { server_.answer(2); });
  io_.run();
  ASSERT_TRUE(found_);
  EXPECT_EQ(found_->failure, "");
  ASSERT_EQ(found_->addresses.size(), 1u);
  EXPECT_EQ(found_->addresses[0].address().to_string(), "127.0.0.9");
  EXPECT_EQ(found_->addresses[0].port(), 9090);
}

TEST_F(Lookup, ReadsAddressesAsTheyAre) {
  NameLookup names(io_.get_executor(), server_.address());
  for (const auto* address : {"127.0.0.1", "::1"}) {
    find(names, address);
    io_.restart();
    io_.run();
    ASSERT_EQ(found_->addresses.size(), 1u) << found_->failure;
    EXPECT_EQ(found_->addresses[0].address().to_string(), address);
  }
}

TEST_F(Lookup, ASilentNameServerHoldsNothingUp) {
  NameLookup names(io_.get_executor(), server_.address());
  find(names, "prometheus.example.");
  while (!found_) {
    io_.run_for(milliseconds(1));
    names.cancel();
  }
  EXPECT_NE(found_->failure, "");
}

TEST_F(Lookup, GivesUpInTime) {
  NameLookup names(io_.get_executor(), server_.address());
  find(names, "prometheus.example.", milliseconds(20));
  io_.run();
  EXPECT_EQ(found_->failure, "no answer of the name servers in time");
}

TEST_F(Lookup, MayGoWhileItAsks) {
  auto names = std::make_unique<NameLookup>(io_.get_executor(), server_.address());
  find(*names, "prometheus.example.");
  io_.poll();
  names.reset();
  io_.run();
  EXPECT_NE(found_->failure, "");
}

}  // namespace
}  // namespace omnibus::gateway
