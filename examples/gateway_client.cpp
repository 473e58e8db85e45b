// Loads text files into a flow through a gateway, over one WebSocket:
//   gateway_client HOST PORT FLOW FILE…
// Try it beside `omnibus up`, after starting a flow. Any WebSocket library will do.

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <omnibus/base64.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;

int main(int argc, char** argv) try {
  if (argc < 5) {
    std::cerr << "usage: gateway_client HOST PORT FLOW FILE…\n";
    return 2;
  }
  asio::io_context io;
  beast::websocket::stream<asio::ip::tcp::socket> socket(io);
  asio::connect(socket.next_layer(), asio::ip::tcp::resolver(io).resolve(argv[1], argv[2]));
  socket.handshake(argv[1], "/api/v1/socket");

  // Each request has an id of the client's choice; answers come in any order and carry it.
  for (int i = 4; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const json::value request = {{"id", argv[i]},
                                 {"service", "text-load"},
                                 {"flow", argv[3]},
                                 {"request", {{"id", argv[i]}, {"text", omnibus::base64::encode(text)}}}};
    socket.write(asio::buffer(json::serialize(request)));
  }
  int failed = 0;
  for (int i = 4; i < argc; ++i) {
    beast::flat_buffer buffer;
    socket.read(buffer);
    const auto answer = json::parse(beast::buffers_to_string(buffer.data())).as_object();
    const auto* error = answer.if_contains("error");
    std::cout << answer.at("id") << ": " << (error != nullptr ? json::serialize(*error) : "loaded") << '\n';
    failed += error != nullptr ? 1 : 0;
  }
  socket.close(beast::websocket::close_code::normal);
  return failed == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "gateway_client: " << error.what() << '\n';
  return 1;
}
