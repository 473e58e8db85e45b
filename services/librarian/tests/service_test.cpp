#include "services/librarian/service.hpp"

#include <fstream>

#include <omnibus/base64.hpp>
#include <omnibus/catalogue/collection.hpp>
#include <omnibus/catalogue/library.hpp>
#include <omnibus/framework/request_response.hpp>

#include "core/tests/thrown.hpp"
#include "services/config/tests/with_configuration.hpp"
#include "services/s3/tests/object_server.hpp"

namespace omnibus::librarian {
namespace {

using namespace std::chrono_literals;
using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;

class LibrarianServiceTest : public config::WithConfiguration {
 protected:
  std::filesystem::path store() const { return folder_.path() / "library"; }
  std::unique_ptr<LibrarianService> make_librarian(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--librarian-store", store()});
    return make<LibrarianService>("librarian", more);
  }
  template <class Request, class Response>
  Response ask(const Request& request, std::string_view to, std::string_view from) {
    framework::RequestResponse<Request, Response> client(bus_, {.id = "test",
                                                                .name = "request",
                                                                .request = QueueName::parse(to),
                                                                .response = QueueName::parse(from),
                                                                .subscription = {}});
    client.start();
    return client.request(request, 30s);
  }
  LibrarianResponse ask_library(const LibrarianRequest& request) {
    return ask<LibrarianRequest, LibrarianResponse>(request, catalogue::librarian_request_queue,
                                                    catalogue::librarian_response_queue);
  }
};

TEST_F(LibrarianServiceTest, KeepsDocumentsInAnObjectStore) {
  s3::ObjectServer objects;
  const std::vector<std::string> flags{"--object-store-endpoint",   objects.url(),
                                       "--object-store-access-key", s3::ObjectServer::keys().access_key,
                                       "--object-store-secret-key", s3::ObjectServer::keys().secret_key,
                                       "--object-store-bucket",     "texts"};
  auto service = make_librarian(flags);
  service->start();
  const auto content = base64::encode("some text");
  EXPECT_EQ(ask_library({.operation = "add-document",
                         .document_metadata = {{.id = "d", .kind = "text/plain", .user = "u"}},
                         .content = content}),
            LibrarianResponse{});
  ASSERT_EQ(objects.objects("texts").size(), 1u);
  EXPECT_EQ(objects.objects("texts").begin()->second, "some text");
  EXPECT_FALSE(std::filesystem::exists(store() / "documents"));
  service.reset();
  service = make_librarian(flags);
  service->start();
  EXPECT_EQ(ask_library({.operation = "get-document-content", .document_id = "d", .user = "u"}).content,
            Bytes(content));
  EXPECT_FALSE(ask_library({.operation = "remove-document", .document_id = "d", .user = "u"}).error);
  EXPECT_TRUE(objects.objects("texts").empty());
}

TEST_F(LibrarianServiceTest, NeedsTheKeysOfItsObjectStore) {
  const auto refused = error_of([&] {
    make_librarian({"--object-store-endpoint", "minio:9000", "--object-store-access-key", "someone"});
  });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->message(), "--object-store-endpoint is given without --object-store-secret-key");
}

TEST_F(LibrarianServiceTest, AnswersOnBothQueues) {
  const auto service = make_librarian();
  EXPECT_NE(service->ready(), "");
  service->start();
  EXPECT_EQ(service->ready(), "");
  const std::string content(5'000'000, 'x');
  EXPECT_EQ(ask_library({.operation = "add-document",
                         .document_metadata = {{.id = "d", .kind = "text/plain", .user = "u"}},
                         .content = base64::encode(content)}),
            LibrarianResponse{});
  EXPECT_EQ(ask_library({.operation = "get-document-content", .document_id = "d", .user = "u"}).content,
            Bytes(base64::encode(content)));
  const auto answer = ask<catalogue::CollectionManagementRequest, catalogue::CollectionManagementResponse>(
      {.operation = "update-collection", .user = "u", .collection = "c"}, catalogue::collection_request_queue,
      catalogue::collection_response_queue);
  EXPECT_EQ(answer.collections.size(), 1u);
}

TEST_F(LibrarianServiceTest, TakesOtherQueues) {
  const auto service = make_librarian(
      {"--librarian-request-queue", "q0/tg/mine/asks", "--librarian-response-queue", "q0/tg/mine/answers"});
  service->start();
  const auto answer = ask<LibrarianRequest, LibrarianResponse>({.operation = "list-documents", .user = "u"},
                                                               "q0/tg/mine/asks", "q0/tg/mine/answers");
  EXPECT_TRUE(answer.document_metadatas);
}

TEST_F(LibrarianServiceTest, SweepsWhatACrashLeft) {
  make_librarian().reset();
  const auto stray = store() / "documents" / "stray.new";
  std::ofstream(stray) << "half a document";
  make_librarian().reset();
  EXPECT_FALSE(std::filesystem::exists(stray));
}

TEST_F(LibrarianServiceTest, HasItsStoreForItself) {
  const auto service = make_librarian();
  EXPECT_CODE(make_librarian(), ErrorCode::conflict);
}

TEST_F(LibrarianServiceTest, RefusesToDoNothing) {
  EXPECT_CODE(make_librarian({"--librarian-concurrency", "0"}), ErrorCode::config);
}

}  // namespace
}  // namespace omnibus::librarian
