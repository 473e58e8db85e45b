#include "backends/embedded/tests/sample_store.hpp"

#include <fstream>
#include <sstream>

#include <unistd.h>

#include "backends/embedded/clock.hpp"
#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/tests/closing_consumer.hpp"
#include "backends/embedded/transaction.hpp"

namespace omnibus::embedded::test {

SmallOpening::SmallOpening(const std::filesystem::path& path,
                           std::function<void(const std::string&)> report) {
  LogOptions options;
  options.directory = path;
  options.durability = {.level = Durability::Level::process};
  options.first_segment = 16 << 10;
  options.max_segment = 16 << 10;
  options.report = std::move(report);
  engine_ = std::make_shared<Engine>(std::make_unique<LogJournal>(std::move(options), 16 << 20),
                                     EngineOptions{{}, wall_clock});
  engine_->add_host(host_);
  try {
    engine_->start();
  } catch (...) {
    engine_->remove_host(host_);
    engine_->stop();
    throw;
  }
}

SmallOpening::~SmallOpening() {
  engine_->remove_host(host_);
  engine_->stop();
}

std::unique_ptr<driver::Producer> SmallOpening::producer(const char* queue_name, std::string name) {
  const auto id = engine_->open_producer({queue(queue_name), std::move(name), true, {}});
  return std::make_unique<ProducerHandle>(engine_, host_, id, false);
}

std::unique_ptr<driver::Consumer> SmallOpening::consumer(const char* queue_name, const char* subscription,
                                                         driver::Sink& sink) {
  const auto config =
      consumer_config(queue(queue_name), subscription, ConsumerOptions{.position = Position::earliest});
  return std::make_unique<ClosingConsumer>(engine_, engine_->open_consumer(config, sink));
}

SampleStore::SampleStore(End end) {
  const std::filesystem::path memory = "/dev/shm";
  const auto root = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  auto pattern = (root / "omnibus-sample-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  {
    SmallOpening bus(path());
    fill(bus);
    if (end != End::closed) files_ = read();
  }
  if (end == End::closed) files_ = read();
  if (end == End::power) files_.erase("control");
}

SampleStore::~SampleStore() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void SampleStore::fill(SmallOpening& bus) {
  CollectingSink early, late;
  // Each subscription is there before what it waits for.
  auto s = bus.consumer("a", "s", early);
  auto t = bus.consumer("b", "t", late);
  send_all(bus);
  settle_some(bus);
}

Sent& SampleStore::note(Sent message) { return sent_.emplace(message.payload, message).first->second; }

void SampleStore::send_all(SmallOpening& bus) {
  auto out = bus.producer("a", "p");
  std::uint64_t sequence = 0;
  const auto put = [&](Sent message) {
    driver::Outgoing outgoing;
    outgoing.payload = message.payload;
    outgoing.key = message.key;
    outgoing.properties = message.properties;
    outgoing.sequence = ++sequence;
    note(std::move(message));
    EXPECT_FALSE(wait([&](Completion done) {
      driver::SendRequest request{&outgoing, std::move(done)};
      out->send({&request, 1});
    }));
  };
  for (int i = 1; i <= 8; ++i) {
    const auto number = std::to_string(i);
    put({"a", "message " + number, i % 2 == 0 ? "key" : "",
         i % 3 == 0 ? Properties{{"colour", "red"}, {"number", number}} : Properties{}});
  }
  std::string body(blob_threshold + 1000, 'x');
  for (std::size_t at = 0; at < body.size(); ++at) body[at] = static_cast<char>(at * 7 + at / 251);
  put({"a", std::move(body), "", {{"large", "yes"}}});
}

void SampleStore::settle_some(SmallOpening& bus) {
  CollectingSink sink;
  auto in = bus.consumer("a", "s", sink);
  in->request(6);
  ASSERT_TRUE(sink.wait_for(6));
  auto got = sink.take();
  ASSERT_EQ(got.size(), 6U);
  EXPECT_FALSE(acknowledge(*in, {got[0].ack, got[1].ack}));
  EXPECT_FALSE(wait([&](Completion done) {
    in->negative_acknowledge({&got[2].ack, 1}, std::chrono::milliseconds(0), std::move(done));
  }));
  TransactionHandle transaction(bus.engine());
  for (const auto* text : {"moved 1", "moved 2"}) {
    driver::Outgoing message;
    message.payload = note({"b", text, "", {{"from", "a"}}}).payload;
    message.properties = {{"from", "a"}};
    EXPECT_FALSE(wait([&](Completion done) { transaction.send(queue("b"), message, std::move(done)); }));
  }
  EXPECT_FALSE(wait([&](Completion done) {
    transaction.acknowledge(*in, {&got[3].ack, 1}, std::move(done));
  }));
  EXPECT_FALSE(wait([&](Completion done) { transaction.commit(std::move(done)); }));
  for (const auto at : {0, 1, 3}) acknowledged_.emplace_back(got[static_cast<std::size_t>(at)].body.bytes());
  take_what_was_moved(bus);
}

/// The newest messages of `b` are in work or done.
void SampleStore::take_what_was_moved(SmallOpening& bus) {
  CollectingSink sink;
  auto in = bus.consumer("b", "t", sink);
  in->request(2);
  ASSERT_TRUE(sink.wait_for(2));
  const auto got = sink.take();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_FALSE(acknowledge(*in, {got[1].ack}));
  acknowledged_.emplace_back(got[1].body.bytes());
}

std::filesystem::path SampleStore::segment() const { return path() / "log" / "0000000000000001.seg"; }

std::filesystem::path SampleStore::body() const {
  for (const auto& [name, bytes] : files_) {
    if (name.starts_with("blobs/")) return path() / name;
  }
  return {};
}

std::map<std::string, std::string> SampleStore::read() const {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
    if (entry.is_regular_file())
      files[std::filesystem::relative(entry.path(), path()).string()] = read_file_of(entry.path());
  }
  return files;
}

void SampleStore::restore() const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
    const bool body = entry.path().extension() == ".blob";
    if (entry.is_regular_file() && !body) std::filesystem::remove(entry.path());
  }
  for (const auto& [name, bytes] : files_) {
    // A body is never written again, only removed.
    if (!name.ends_with(".blob") || !std::filesystem::exists(path() / name))
      write_file_of(path() / name, bytes);
  }
}

std::string name_of(SampleStore::End end) {
  if (end == SampleStore::End::closed) return "closed";
  return end == SampleStore::End::killed ? "killed" : "power";
}

std::string read_file_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file_of(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace omnibus::embedded::test
