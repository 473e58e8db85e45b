// libmosquitto, its loop in a thread of its own.

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <cstring>
#include <future>
#include <stdexcept>

#include "connection.hpp"

namespace omnibus::benchmarks {
namespace {

void check(int code, const std::string& what) {
  if (code == MOSQ_ERR_SUCCESS) return;
  throw std::runtime_error("libmosquitto: " + what + ": " +
                           (code == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(code)));
}

class MosquittoConnection final : public Connection {
 public:
  MosquittoConnection(const Link& link, Events& events) : qos_(link.qos), events_(events) {
    mosquitto_lib_init();
    client_ = mosquitto_new(link.client_id.c_str(), true, this);
    if (client_ == nullptr) throw std::runtime_error("libmosquitto: cannot create a client");
    try {
      connect(link);
    } catch (...) {
      mosquitto_destroy(client_);
      throw;
    }
  }

  ~MosquittoConnection() override {
    mosquitto_disconnect_v5(client_, MQTT_RC_NORMAL_DISCONNECTION, nullptr);
    mosquitto_loop_stop(client_, false);
    mosquitto_destroy(client_);
    mosquitto_lib_cleanup();
  }

  void subscribe(const std::string& topic) override {
    check(mosquitto_subscribe_v5(client_, nullptr, topic.c_str(), qos_, 0, nullptr), "cannot subscribe");
    const int granted = subscribed_.get_future().get();
    if (granted != qos_) {
      throw std::runtime_error("libmosquitto: subscribing to " + topic + " was answered with " +
                               std::to_string(granted));
    }
  }

  void publish(const std::string& topic, std::string_view payload) override {
    check(mosquitto_publish_v5(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()),
                               payload.data(), qos_, false, nullptr),
          "cannot send");
  }

 private:
  static MosquittoConnection& of(void* self) { return *static_cast<MosquittoConnection*>(self); }

  void connect(const Link& link) {
    check(mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5), "MQTT 5");
    // Mosquitto 2.0.11 sends more of QoS 2 than the receive maximum; libmosquitto then closes the connection.
    const int receiving = link.qos == 2 ? 65535 : link.window;
    check(mosquitto_int_option(client_, MOSQ_OPT_RECEIVE_MAXIMUM, receiving), "receive maximum");
    check(mosquitto_int_option(client_, MOSQ_OPT_SEND_MAXIMUM, link.window), "send maximum");
    check(mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1), "no delay");
    mosquitto_connect_v5_callback_set(client_,
                                      [](mosquitto*, void* self, int reason, int, const mosquitto_property*) {
                                        of(self).connected_.set_value(reason);
                                      });
    mosquitto_disconnect_v5_callback_set(
        client_, [](mosquitto*, void* self, int reason, const mosquitto_property*) {
          if (reason == 0) return;
          of(self).events_.failed("libmosquitto: the connection was lost, reason " + std::to_string(reason));
        });
    mosquitto_subscribe_v5_callback_set(
        client_, [](mosquitto*, void* self, int, int, const int* granted, const mosquitto_property*) {
          of(self).subscribed_.set_value(*granted);
        });
    mosquitto_publish_v5_callback_set(
        client_, [](mosquitto*, void* self, int, int reason, const mosquitto_property*) {
          if (reason < 0x80) return of(self).events_.sent();
          of(self).events_.failed("libmosquitto: a message was refused, reason " + std::to_string(reason));
        });
    mosquitto_message_v5_callback_set(
        client_, [](mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
          of(self).events_.received(
              {static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)});
        });
    const auto where = link.host + ":" + std::to_string(link.port);
    check(mosquitto_connect_bind_v5(client_, link.host.c_str(), link.port, 60, nullptr, nullptr),
          "cannot connect to " + where);
    check(mosquitto_loop_start(client_), "cannot start its thread");
    if (const int reason = connected_.get_future().get(); reason != 0) {
      mosquitto_loop_stop(client_, true);
      throw std::runtime_error("libmosquitto: " + where + " refused, reason " + std::to_string(reason));
    }
  }

  const int qos_;
  Events& events_;
  std::promise<int> connected_, subscribed_;
  mosquitto* client_ = nullptr;
};

}  // namespace

std::unique_ptr<Connection> open_connection(const Link& link, Events& events) {
  return std::make_unique<MosquittoConnection>(link, events);
}

}  // namespace omnibus::benchmarks
