#pragma once

/// The C interface of the official Pulsar client, from the shared library that its Python package brings
/// along, without headers. Declared here is only what the benchmark calls. Source: the interface's own names
/// and types as exported by libpulsar 3.8 (pulsar/c/*.h of the C++ client's documentation).

#include <cstddef>
#include <cstdint>
#include <string>

namespace omnibus::benchmarks {

/// Opaque objects of the library.
struct PulsarClient;
struct PulsarClientOptions;
struct PulsarProducer;
struct PulsarProducerOptions;
struct PulsarConsumer;
struct PulsarConsumerOptions;
struct PulsarMessage;
struct PulsarMessageId;

/// Result 0 is success; what the others mean the library says by `describe`.
using PulsarResult = int;

/// The library, opened. Every member is one of its functions, named after it. Threads: any.
/// Errors: std::runtime_error naming the file or the function that is missing.
class PulsarLibrary {
 public:
  using Sent = void (*)(PulsarResult, PulsarMessageId*, void*);
  using Acknowledged = void (*)(PulsarResult, void*);
  using Received = void (*)(PulsarConsumer*, PulsarMessage*, void*);
  using Log = void (*)(int level, const char* file, int line, const char* message, void*);

  explicit PulsarLibrary(const std::string& file);
  ~PulsarLibrary();
  PulsarLibrary(const PulsarLibrary&) = delete;
  PulsarLibrary& operator=(const PulsarLibrary&) = delete;

  const char* (*describe)(PulsarResult);

  PulsarClientOptions* (*client_options)();
  void (*set_logger)(PulsarClientOptions*, Log, void*);
  PulsarClient* (*create_client)(const char* url, const PulsarClientOptions*);
  PulsarResult (*close_client)(PulsarClient*);

  PulsarProducerOptions* (*producer_options)();
  void (*set_batching)(PulsarProducerOptions*, int);
  void (*set_batch_messages)(PulsarProducerOptions*, unsigned int);
  void (*set_batch_delay)(PulsarProducerOptions*, unsigned long milliseconds);
  void (*set_max_pending)(PulsarProducerOptions*, int);
  void (*set_block_if_full)(PulsarProducerOptions*, int);
  PulsarResult (*create_producer)(PulsarClient*, const char* topic, const PulsarProducerOptions*,
                                  PulsarProducer**);
  void (*send)(PulsarProducer*, PulsarMessage*, Sent, void*);
  PulsarResult (*flush)(PulsarProducer*);
  PulsarResult (*close_producer)(PulsarProducer*);

  PulsarConsumerOptions* (*consumer_options)();
  void (*set_type)(PulsarConsumerOptions*, int);
  void (*set_position)(PulsarConsumerOptions*, int);
  void (*set_listener)(PulsarConsumerOptions*, Received, void*);
  PulsarResult (*subscribe)(PulsarClient*, const char* topic, const char* subscription,
                            const PulsarConsumerOptions*, PulsarConsumer**);
  void (*acknowledge)(PulsarConsumer*, PulsarMessage*, Acknowledged, void*);
  PulsarResult (*close_consumer)(PulsarConsumer*);

  PulsarMessage* (*create_message)();
  void (*set_content)(PulsarMessage*, const void*, std::size_t);
  const void* (*data)(PulsarMessage*);
  std::uint32_t (*length)(PulsarMessage*);
  void (*free_message)(PulsarMessage*);

 private:
  template <class Function>
  void bind(Function& function, const char* name);

  void* handle_;
};

}  // namespace omnibus::benchmarks
