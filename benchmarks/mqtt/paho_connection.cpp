// The asynchronous interface of the Eclipse Paho C client. Its two threads send and receive.

#include <MQTTAsync.h>

#include <future>
#include <stdexcept>

#include "connection.hpp"

namespace omnibus::benchmarks {
namespace {

void check(int code, const std::string& what) {
  if (code == MQTTASYNC_SUCCESS) return;
  const char* words = MQTTAsync_strerror(code);
  throw std::runtime_error("paho: " + what + ": " + (words == nullptr ? std::to_string(code) : words));
}

/// The answer to one call.
class Answer {
 public:
  template <class Options>
  void ask(Options& options) {
    options.context = this;
    options.onSuccess5 = [](void* self, MQTTAsync_successData5*) {
      static_cast<Answer*>(self)->promise_.set_value(MQTTASYNC_SUCCESS);
    };
    options.onFailure5 = [](void* self, MQTTAsync_failureData5* failure) {
      static_cast<Answer*>(self)->promise_.set_value(failure->code == 0 ? MQTTASYNC_FAILURE : failure->code);
    };
  }
  void wait(const std::string& what) { check(promise_.get_future().get(), what); }

 private:
  std::promise<int> promise_;
};

class PahoConnection final : public Connection {
 public:
  PahoConnection(const Link& link, Events& events) : qos_(link.qos), events_(events) {
    MQTTAsync_createOptions creation = MQTTAsync_createOptions_initializer5;
    creation.maxBufferedMessages = 1 << 20;  // the caller's window is the limit
    creation.persistQoS0 = 0;
    const auto url = "tcp://" + link.host + ":" + std::to_string(link.port);
    check(MQTTAsync_createWithOptions(&handle_, url.c_str(), link.client_id.c_str(),
                                      MQTTCLIENT_PERSISTENCE_NONE, nullptr, &creation),
          "cannot create a client");
    try {
      connect(link);
    } catch (...) {
      MQTTAsync_destroy(&handle_);
      throw;
    }
  }

  ~PahoConnection() override {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    std::promise<void> gone;
    options.timeout = 1000;
    options.context = &gone;
    options.onSuccess5 = [](void* to, MQTTAsync_successData5*) {
      static_cast<std::promise<void>*>(to)->set_value();
    };
    options.onFailure5 = [](void* to, MQTTAsync_failureData5*) {
      static_cast<std::promise<void>*>(to)->set_value();
    };
    if (MQTTAsync_disconnect(handle_, &options) == MQTTASYNC_SUCCESS) gone.get_future().wait();
    MQTTAsync_destroy(&handle_);
  }

  void subscribe(const std::string& topic) override {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    Answer answer;
    answer.ask(options);
    check(MQTTAsync_subscribe(handle_, topic.c_str(), qos_, &options), "cannot subscribe");
    answer.wait("cannot subscribe to " + topic);
  }

  void publish(const std::string& topic, std::string_view payload) override {
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = const_cast<char*>(payload.data());  // copied; the interface knows no const
    message.payloadlen = static_cast<int>(payload.size());
    message.qos = qos_;
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = this;
    options.onSuccess5 = [](void* self, MQTTAsync_successData5*) {
      static_cast<PahoConnection*>(self)->events_.sent();
    };
    options.onFailure5 = [](void* self, MQTTAsync_failureData5* failure) {
      static_cast<PahoConnection*>(self)->events_.failed("paho: a message was refused, reason " +
                                                         std::to_string(failure->reasonCode) + ", code " +
                                                         std::to_string(failure->code));
    };
    check(MQTTAsync_sendMessage(handle_, topic.c_str(), &message, &options), "cannot send");
  }

 private:
  void connect(const Link& link) {
    check(MQTTAsync_setCallbacks(
              handle_, this,
              [](void* self, char*) {
                static_cast<PahoConnection*>(self)->events_.failed("paho: the connection was lost");
              },
              [](void* self, char* topic, int, MQTTAsync_message* message) {
                static_cast<PahoConnection*>(self)->events_.received(
                    {static_cast<const char*>(message->payload),
                     static_cast<std::size_t>(message->payloadlen)});
                MQTTAsync_freeMessage(&message);
                MQTTAsync_free(topic);
                return 1;
              },
              nullptr),
          "cannot set callbacks");
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    options.cleanstart = 1;
    options.maxInflight = link.window;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty window{};
    window.identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM;
    window.value.integer2 = link.window;
    check(MQTTProperties_add(&properties, &window), "cannot set the receive maximum");
    options.connectProperties = &properties;
    Answer answer;
    answer.ask(options);
    const auto code = MQTTAsync_connect(handle_, &options);
    MQTTProperties_free(&properties);  // copied by then
    check(code, "cannot connect");
    answer.wait("cannot connect to " + link.host + ":" + std::to_string(link.port));
  }

  const int qos_;
  Events& events_;
  MQTTAsync handle_ = nullptr;
};

}  // namespace

std::unique_ptr<Connection> open_connection(const Link& link, Events& events) {
  return std::make_unique<PahoConnection>(link, events);
}

}  // namespace omnibus::benchmarks
