// The librarian as a process, killed while it works, and behind the gateway.

#include <signal.h>

#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/base64.hpp>
#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/library.hpp>

#include "integration/http.hpp"
#include "integration/system.hpp"
#include "services/s3/tests/object_server.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;
using catalogue::TextDocument;

constexpr int kills = 12, documents = 120, removed = 40;

std::string content_of(const std::string& id) {
  std::string out;
  while (out.size() < 20000) out += id + " ";
  return out;
}

class LibrarianProcess : public testing::Test {
 protected:
  void start(std::vector<std::string> flags = {}) {
    flags_ = std::move(flags);
    system_.start("config-svc");
    system_.start("gateway");
    start_librarian();
    expect_success(system_.config({{"operation", "put"},
                                   {"values",
                                    {{{"type", "flow"},
                                      {"key", "f1"},
                                      {"value", R"({"interfaces": {"text-load": "q1/tg/flow/texts"}})"}}}}}));
  }
  Process& start_librarian() { return system_.start("librarian", flags_); }
  /// A request is named after what it does: `add d7`.
  void ask(const std::string& id, const LibrarianRequest& request) {
    requests_.send(request, {.properties = {{"id", id}}});
    missing_.insert(id);
  }
  void add(const std::string& id) {
    ask("add " + id, {.operation = "add-document",
                      .document_metadata = {{.id = id, .kind = "text/plain", .user = "u"}},
                      .content = base64::encode(content_of(id))});
  }
  void process(const std::string& id) {
    ask("process " + id,
        {.operation = "add-processing",
         .processing_metadata = {
             {.id = "p-" + id, .document_id = id, .flow = "f1", .user = "u", .collection = "c"}}});
  }
  void remove(const std::string& id) {
    ask("remove " + id, {.operation = "remove-document", .document_id = id, .user = "u"});
  }
  /// Takes answers until so few requests have none. No answer may be an error.
  void take_answers(std::size_t unanswered) {
    while (missing_.size() > unanswered) {
      const auto answer = answers_.poll(60s);
      ASSERT_TRUE(answer) << missing_.size() << " answers are missing, " << *missing_.begin();
      const auto id = answer->properties().value_or("id", "");
      EXPECT_FALSE((*answer)->error) << id << ": " << (*answer)->error->message;
      missing_.erase(id);
      answers_.acknowledge(*answer);
    }
  }
  /// Answers every request that is out, killing the librarian in between.
  void take_answers_under_kills(int times) {
    for (int i = 0; i < times; ++i) {
      const auto left =
          missing_.size() * static_cast<std::size_t>(times - i) / static_cast<std::size_t>(times + 1);
      take_answers(left + random_() % 5);
      system_.kill("librarian");
      start_librarian();
    }
    take_answers(0);
  }
  boost::json::value library(const boost::json::value& request) const {
    return post(system_.port(), "/api/v1/librarian", request);
  }

  System system_;
  omnibus::Producer<LibrarianRequest> requests_ =
      system_.bus().create_producer<LibrarianRequest>(QueueName::parse(catalogue::librarian_request_queue));
  omnibus::Consumer<LibrarianResponse> answers_ = system_.bus().create_consumer<LibrarianResponse>(
      QueueName::parse(catalogue::librarian_response_queue), "test");
  omnibus::Consumer<TextDocument> texts_ =
      system_.bus().create_consumer<TextDocument>(topic("texts"), "test");
  std::vector<std::string> flags_;
  std::set<std::string> missing_;
  std::mt19937 random_;
};

TEST_F(LibrarianProcess, KilledWithAnObjectStoreLosesNothing) {
  s3::ObjectServer objects;
  const auto keys = s3::ObjectServer::keys();
  start({"--object-store-endpoint", objects.url(), "--object-store-access-key", keys.access_key,
         "--object-store-secret-key", keys.secret_key});
  const auto id = [](int i) { return "d" + std::to_string(i); };
  for (int i = 0; i < documents; ++i) add(id(i));
  take_answers_under_kills(3);
  for (int i = 0; i < removed; ++i) remove(id(i));
  take_answers_under_kills(3);
  system_.kill("librarian");
  const auto output = start_librarian().output();
  EXPECT_EQ(output.find(keys.secret_key), std::string::npos) << output;
  EXPECT_EQ(objects.objects("library").size(), static_cast<std::size_t>(documents - removed));
  for (int i = removed; i < documents; ++i) {
    const auto answer =
        library({{"operation", "get-document-content"}, {"document-id", id(i)}, {"user", "u"}});
    EXPECT_EQ(answer.at("content"), boost::json::value(base64::encode(content_of(id(i))))) << id(i);
  }
}

TEST_F(LibrarianProcess, KilledAtRandomLosesNothing) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  random_.seed(seed);
  start();
  const auto id = [](int i) { return "d" + std::to_string(i); };

  for (int i = 0; i < documents; ++i) add(id(i));
  take_answers_under_kills(kills);
  for (int i = 0; i < documents; ++i) process(id(i));
  take_answers_under_kills(kills);
  for (int i = 0; i < removed; ++i) remove(id(i));
  take_answers_under_kills(kills);

  std::set<std::string> unseen;
  for (int i = 0; i < documents; ++i) unseen.insert(id(i));
  int repeated = 0;
  while (const auto text = texts_.poll(unseen.empty() ? 0s : 30s)) {
    EXPECT_EQ((*text)->text.str(), content_of((*text)->metadata->id));
    repeated += unseen.erase((*text)->metadata->id) == 0 ? 1 : 0;
    texts_.acknowledge(*text);
  }
  EXPECT_TRUE(unseen.empty()) << unseen.size() << " documents did not reach the flow";
  std::cout << 3 * kills << " kills, " << documents << " documents, " << repeated
            << " handed over more than once\n";

  EXPECT_EQ(
      library({{"operation", "list-processing"}, {"user", "u"}}).at("processing-metadatas").as_array().size(),
      static_cast<std::size_t>(documents));
  EXPECT_EQ(
      library({{"operation", "list-documents"}, {"user", "u"}}).at("document-metadatas").as_array().size(),
      static_cast<std::size_t>(documents - removed));
  for (int i = removed; i < documents; ++i) {
    const auto answer =
        library({{"operation", "get-document-content"}, {"user", "u"}, {"document-id", id(i)}});
    EXPECT_EQ(answer.at("content").as_string(), base64::encode(content_of(id(i))));
  }
  system_.kill("librarian");
  system_.start("librarian");
  const std::filesystem::directory_iterator files(system_.folder() / "library" / "documents");
  EXPECT_EQ(std::distance(begin(files), end(files)), documents - removed);
}

TEST_F(LibrarianProcess, AnswersThroughTheGateway) {
  start();
  const boost::json::object metadata{
      {"id", "d"},          {"time", 7},       {"kind", "text/plain"},
      {"title", "A title"}, {"comments", "c"}, {"metadata", boost::json::array{}},
      {"user", "u"},        {"tags", {"t"}}};
  const boost::json::object processing{
      {"id", "p"},         {"document-id", "d"},          {"time", 8}, {"flow", "f1"}, {"user", "u"},
      {"collection", "c"}, {"tags", boost::json::array{}}};
  EXPECT_EQ(library({{"operation", "add-document"},
                     {"document-metadata", metadata},
                     {"content", base64::encode("hello")}}),
            boost::json::object{});
  EXPECT_EQ(library({{"operation", "get-document-metadata"}, {"user", "u"}, {"document-id", "d"}}),
            boost::json::value({{"document-metadata", metadata}}));
  EXPECT_EQ(library({{"operation", "add-processing"}, {"processing-metadata", processing}}),
            boost::json::object{});
  EXPECT_EQ(texts_.receive(30s)->text.str(), "hello");
  EXPECT_EQ(library({{"operation", "list-processing"}, {"user", "u"}}),
            boost::json::value({{"processing-metadatas", boost::json::array{processing}}}));
  EXPECT_EQ(library({{"operation", "add-document"}, {"document-metadata", metadata}, {"content", ""}}),
            boost::json::value(
                {{"error", {{"type", "unexpected-error"}, {"message", "Document already exists"}}}}));
  const auto collections = post(system_.port(), "/api/v1/collection-management",
                                {{"operation", "list-collections"}, {"user", "u"}});
  EXPECT_EQ(collections.at("collections"), boost::json::value({{{"user", "u"},
                                                                {"collection", "c"},
                                                                {"name", "c"},
                                                                {"description", ""},
                                                                {"tags", boost::json::array{}}}}));
}

TEST_F(LibrarianProcess, StopsCleanlyOnSigterm) {
  start();
  add("d");
  take_answers(0);
  auto& process = system_.process("librarian");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
}

}  // namespace
}  // namespace omnibus::integration
