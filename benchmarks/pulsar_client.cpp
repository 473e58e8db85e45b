#include "pulsar_client.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace omnibus::benchmarks {

template <class Function>
void PulsarLibrary::bind(Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(handle_, name));
  if (function == nullptr) throw std::runtime_error(std::string("the library has no ") + name);
}

PulsarLibrary::PulsarLibrary(const std::string& file)
    : handle_(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw std::runtime_error(::dlerror());
  bind(describe, "pulsar_result_str");
  bind(client_options, "pulsar_client_configuration_create");
  bind(set_logger, "pulsar_client_configuration_set_logger");
  bind(create_client, "pulsar_client_create");
  bind(close_client, "pulsar_client_close");
  bind(producer_options, "pulsar_producer_configuration_create");
  bind(set_batching, "pulsar_producer_configuration_set_batching_enabled");
  bind(set_batch_messages, "pulsar_producer_configuration_set_batching_max_messages");
  bind(set_batch_delay, "pulsar_producer_configuration_set_batching_max_publish_delay_ms");
  bind(set_max_pending, "pulsar_producer_configuration_set_max_pending_messages");
  bind(set_block_if_full, "pulsar_producer_configuration_set_block_if_queue_full");
  bind(create_producer, "pulsar_client_create_producer");
  bind(send, "pulsar_producer_send_async");
  bind(flush, "pulsar_producer_flush");
  bind(close_producer, "pulsar_producer_close");
  bind(consumer_options, "pulsar_consumer_configuration_create");
  bind(set_type, "pulsar_consumer_configuration_set_consumer_type");
  bind(set_position, "pulsar_consumer_set_subscription_initial_position");
  bind(set_listener, "pulsar_consumer_configuration_set_message_listener");
  bind(subscribe, "pulsar_client_subscribe");
  bind(acknowledge, "pulsar_consumer_acknowledge_async");
  bind(close_consumer, "pulsar_consumer_close");
  bind(create_message, "pulsar_message_create");
  bind(set_content, "pulsar_message_set_content");
  bind(data, "pulsar_message_get_data");
  bind(length, "pulsar_message_get_length");
  bind(free_message, "pulsar_message_free");
}

// Its threads may still end while the process does, so it stays loaded.
PulsarLibrary::~PulsarLibrary() = default;

}  // namespace omnibus::benchmarks
