#include "backends/embedded/tests/damage_sweep.hpp"

#include <thread>

#include <omnibus/log.hpp>

#include "backends/embedded/log/scan.hpp"
#include "backends/embedded/message_format.hpp"
#include "backends/embedded/record_codec.hpp"

namespace omnibus::embedded::test {
namespace {

constexpr const char* fresh = "fresh message of ";

std::string payload_of(const record::Publish& publish, const SampleStore& store) {
  driver::Delivery delivery;
  const auto large = [&](const BlobReference&) {
    return driver::Body(nullptr,
                        store.files().at(std::filesystem::relative(store.body(), store.path()).string()));
  };
  decode_message(publish.content, large, delivery);
  return std::string(delivery.body.bytes());
}

const char* kind_of(const Record& record) {
  constexpr std::array names{"CreateQueue",
                             "OpenProducer",
                             "CloseProducer",
                             "Publish",
                             "Relocate",
                             "Drop",
                             "CreateSubscription",
                             "RemoveSubscription",
                             "Attach",
                             "Detach",
                             "Lease",
                             "Acknowledge",
                             "Return",
                             "Leave"};
  return names.at(record.index());
}

/// Counts what is reported while it lives.
class Reports {
 public:
  Reports() {
    log::set_handler([this](log::Level level, std::string_view line) {
      if (level >= log::Level::warning) add(line);
    });
  }
  ~Reports() { log::set_handler({}); }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;

  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (count_++ == 0) first_ = line;
  }
  void tell(Served& served) {
    const std::lock_guard lock(mutex_);
    served.reports = count_;
    served.first_report = first_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string first_;
};

class Serving {
 public:
  Serving(const SampleStore& store, SmallOpening& bus, Served& served)
      : store_(store), bus_(bus), served_(served) {}

  void run() {
    for (const auto* name : {"a", "b"}) {
      take(name, *name == 'a' ? "s" : "t", served_.waiting);
      take(name, "audit", served_.audit);
    }
    for (const auto* name : {"a", "b"}) send_fresh(name);
  }

 private:
  struct Reader {
    const char* queue;
    std::unique_ptr<CollectingSink> sink = std::make_unique<CollectingSink>();
    std::unique_ptr<driver::Consumer> consumer = nullptr;
  };

  void take(const char* name, const char* subscription, std::set<std::string>& into) {
    auto& reader = readers_.emplace_back(Reader{name});
    reader.consumer = bus_.consumer(name, subscription, *reader.sink);
    reader.consumer->request(1000);
    wait_for_all(name, subscription, *reader.sink);
    for (const auto& delivery : reader.sink->take()) {
      if (delivery.body.bytes() == std::string(fresh) + name) continue;  // of an opening before
      compare(name, delivery);
      into.emplace(delivery.body.bytes());
    }
  }

  /// Until all that was handed out has come; what cannot be read is given back.
  void wait_for_all(const char* name, const char* subscription, const CollectingSink& sink) {
    const auto in_flight = [&] {
      return bus_.engine()->statistics(queue(name)).subscriptions.at(subscription).in_flight;
    };
    const auto deadline = deadline_after(std::chrono::seconds(20));
    while (sink.size() != in_flight() && Clock::now() < deadline) std::this_thread::yield();
  }

  void compare(const char* name, const driver::Delivery& delivery) {
    const auto found = store_.sent().find(std::string(delivery.body.bytes()));
    const bool same = found != store_.sent().end() && found->second.queue == name &&
                      found->second.key == delivery.key && found->second.properties == delivery.properties;
    if (!same)
      served_.wrong.push_back(std::string("on ") + name + " came what was never sent: " +
                              std::string(delivery.body.bytes().substr(0, 60)));
  }

  /// A store that was damaged is still one: what is sent from now on reaches every subscription.
  void send_fresh(const char* name) {
    const auto text = std::string(fresh) + name;
    auto out = bus_.producer(name, "fresh");
    if (const auto error = send(*out, text))
      served_.wrong.push_back(std::string("cannot send: ") + error->what());
    for (auto& reader : readers_) {
      if (*reader.queue != *name) continue;
      reader.sink->wait_for(1);
      const auto got = reader.sink->take_payloads();
      if (got != std::vector<std::string>{text})
        served_.wrong.push_back("the new message of " + std::string(name) + " came " +
                                std::to_string(got.size()) + " times");
    }
  }

  const SampleStore& store_;
  SmallOpening& bus_;
  Served& served_;
  std::vector<Reader> readers_;
};

}  // namespace

std::vector<SampleFrame> frames_of(const SampleStore& store) {
  store.restore();
  const auto image = take_image(store.path());
  std::vector<SampleFrame> frames;
  scan(image, {.frame =
                   [&](const FrameView& frame) {
                     auto& known = frames.emplace_back();
                     known.sequence = frame.sequence;
                     known.offset = frame.position.offset;
                     known.size = frame_header_size + frame.payload.size();
                     known.padded = frame.size;
                     for (const auto& record : decode_frame(frame)) {
                       known.kinds += std::string(known.kinds.empty() ? "" : " ") + kind_of(record);
                       if (const auto* publish = std::get_if<record::Publish>(&record))
                         known.published.push_back(payload_of(*publish, store));
                       known.acknowledges |= std::holds_alternative<record::Acknowledge>(record);
                     }
                   },
               .damage = [](const StoreDamage& damage) { ADD_FAILURE() << damage.what; },
               .cut = [](const StoreDamage& cut) { ADD_FAILURE() << cut.what; },
               .progress = {}});
  return frames;
}

Served serve(const SampleStore& store) {
  Served served;
  Reports reports;
  try {
    SmallOpening bus(store.path(), [&](const std::string& line) { reports.add(line); });
    Serving(store, bus, served).run();
  } catch (const Error& error) {
    served.refused = error;
  }
  reports.tell(served);
  return served;
}

}  // namespace omnibus::embedded::test
