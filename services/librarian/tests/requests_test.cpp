#include "services/librarian/requests.hpp"

#include <omnibus/base64.hpp>
#include <omnibus/catalogue/document.hpp>

#include "services/config/tests/with_configuration.hpp"
#include "services/librarian/folder_contents.hpp"

namespace omnibus::librarian {
namespace {

using namespace std::chrono_literals;
using catalogue::LibrarianRequest;
using catalogue::LibrarianResponse;

class LibraryRequests : public config::WithConfiguration {
 protected:
  LibraryRequests() {
    put_flow("f1", R"({"interfaces": {"text-load": "persistent://tg/flow/texts",
                                      "document-load": "q1/tg/flow/files"}})");
  }

  LibrarianResponse ask(const LibrarianRequest& request, std::string_view key = "") {
    return requests_.handle(request, key);
  }
  std::string error_of(const LibrarianRequest& request, std::string_view key = "") {
    const auto answer = ask(request, key);
    return answer.error ? answer.error->type + ": " + answer.error->message : "no error";
  }
  static LibrarianRequest add(const std::string& id, const std::string& content = "hello",
                              const std::string& kind = "text/plain") {
    return {.operation = "add-document",
            .document_metadata = {{.id = id,
                                   .time = 1,
                                   .kind = kind,
                                   .title = "t",
                                   .user = "u",
                                   .tags = std::vector<std::string>{}}},
            .content = base64::encode(content)};
  }
  static LibrarianRequest process(const std::string& id, const std::string& document,
                                  const std::string& flow = "f1", const std::string& collection = "c") {
    return {.operation = "add-processing",
            .processing_metadata = {{.id = id,
                                     .document_id = document,
                                     .flow = flow,
                                     .user = "u",
                                     .collection = collection,
                                     .tags = std::vector<std::string>{}}}};
  }
  static LibrarianRequest of_document(const std::string& operation, const std::string& id) {
    return {.operation = operation, .document_id = id, .user = "u"};
  }
  std::size_t listed() {
    return ask({.operation = "list-processing", .user = "u"}).processing_metadatas->size();
  }

  Library library_{folder_.path() / "library.sqlite"};
  FolderContents contents_{folder_.path() / "documents"};
  Claims claims_;
  Documents documents_{library_, contents_, claims_};
  Processing processing_{bus_, "librarian", library_, contents_, claims_, config_};
  Requests requests_{library_, documents_, processing_};
  omnibus::Consumer<catalogue::TextDocument> texts_ =
      bus_.create_consumer<catalogue::TextDocument>(topic("texts"), "test");
  omnibus::Consumer<catalogue::Document> files_ =
      bus_.create_consumer<catalogue::Document>(topic("files"), "test");
};

TEST_F(LibraryRequests, KeepDocuments) {
  EXPECT_EQ(ask(add("d")), LibrarianResponse{});
  LibrarianResponse content;
  content.content = base64::encode("hello");
  EXPECT_EQ(ask(of_document("get-document-content", "d")), content);
  LibrarianResponse metadata;
  metadata.document_metadata = add("d").document_metadata;
  EXPECT_EQ(ask(of_document("get-document-metadata", "d")), metadata);
  LibrarianResponse list;
  list.document_metadatas = {*add("d").document_metadata};
  EXPECT_EQ(ask({.operation = "list-documents", .user = "u"}), list);
  EXPECT_EQ(ask(of_document("remove-document", "d")), LibrarianResponse{});
  EXPECT_TRUE(ask({.operation = "list-documents", .user = "u"}).document_metadatas->empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "documents"));
}

TEST_F(LibraryRequests, UpdateAllButIdUserAndKind) {
  ask(add("d"));
  EXPECT_EQ(error_of({.operation = "update-document",
                      .document_metadata = {{.id = "d",
                                             .time = 2,
                                             .kind = "application/pdf",
                                             .title = "other",
                                             .user = "u",
                                             .tags = {{"x"}}}}}),
            "no error");
  const auto metadata = ask(of_document("get-document-metadata", "d")).document_metadata;
  EXPECT_EQ(metadata->kind, "text/plain");
  EXPECT_EQ(metadata->title, "other");
  EXPECT_EQ(metadata->tags, (std::vector<std::string>{"x"}));
}

TEST_F(LibraryRequests, SayWhatIsWrong) {
  ask(add("d"));
  EXPECT_EQ(error_of(add("d")), "unexpected-error: Document already exists");
  EXPECT_EQ(error_of(add("e", "x", "image/png")), "request-error: Invalid document kind: image/png");
  EXPECT_EQ(error_of({.operation = "nonesuch"}), "request-error: Invalid operation: nonesuch");
  EXPECT_EQ(error_of({}), "request-error: Null operation");
  EXPECT_EQ(error_of(of_document("remove-document", "e")), "unexpected-error: Document does not exist");
  EXPECT_EQ(error_of({.operation = "update-document", .document_metadata = {{.id = "e", .user = "u"}}}),
            "unexpected-error: Document does not exist");
  EXPECT_EQ(error_of(of_document("get-document-metadata", "e")), "unexpected-error: No such document row?");
  EXPECT_EQ(error_of(of_document("get-document-content", "e")), "unexpected-error: No such document row?");
  EXPECT_EQ(error_of({.operation = "remove-processing", .processing_id = "p", .user = "u"}),
            "unexpected-error: Processing object does not exist");
  EXPECT_EQ(error_of({.operation = "list-documents"}), "unexpected-error: list-documents needs 'user'");
  EXPECT_EQ(error_of({.operation = "add-document"}),
            "unexpected-error: add-document needs 'document_metadata'");
  auto odd = add("e");
  odd.content = "a";
  EXPECT_EQ(error_of(odd), "unexpected-error: content: not base64 (standard alphabet, padded)");
  EXPECT_EQ(ask({.operation = "list-documents", .user = "u"}).document_metadatas->size(), 1u);
}

TEST_F(LibraryRequests, HandTextsToTheirFlow) {
  auto request = add("d", "h\xc3\xa9llo");
  request.document_metadata->metadata = {{.s = catalogue::Value{"s", true}}};
  ask(request);
  EXPECT_EQ(error_of(process("p", "d")), "no error");
  const auto text = texts_.receive(10s);
  EXPECT_EQ(text->text.str(), "h\xc3\xa9llo");
  EXPECT_EQ(text->metadata,
            (catalogue::Metadata{
                .id = "d", .metadata = request.document_metadata->metadata, .user = "u", .collection = "c"}));
  EXPECT_EQ(value("collection", "u:c"),
            R"({"user": "u", "collection": "c", "name": "c", "description": "", "tags": []})");
  EXPECT_EQ(ask({.operation = "list-processing", .user = "u"}).processing_metadatas,
            std::vector{*process("p", "d").processing_metadata});
  EXPECT_EQ(error_of({.operation = "remove-processing", .processing_id = "p", .user = "u"}), "no error");
  EXPECT_EQ(listed(), 0u);
}

TEST_F(LibraryRequests, HandFilesToTheirFlowAsBase64) {
  ask(add("d", "%PDF\xff", "application/pdf"));
  EXPECT_EQ(error_of(process("p", "d")), "no error");
  EXPECT_EQ(files_.receive(10s)->data.str(), base64::encode("%PDF\xff"));
}

TEST_F(LibraryRequests, LeaveACollectionAsItIs) {
  config_.put({{"collection", "u:c", "mine"}});
  ask(add("d"));
  EXPECT_EQ(error_of(process("p", "d")), "no error");
  EXPECT_EQ(value("collection", "u:c"), "mine");
}

TEST_F(LibraryRequests, WriteNoProcessingDownThatWasNotSent) {
  ask(add("d"));
  ask(add("odd", "\xff\xfe"));
  EXPECT_EQ(error_of(process("p", "d", "f1", "")), "unexpected-error: Collection parameter is required");
  EXPECT_EQ(error_of(process("p", "e")), "unexpected-error: No such document row?");
  EXPECT_EQ(error_of(process("p", "d", "f2")), "unexpected-error: Invalid flow ID");
  put_flow("f2", R"({"interfaces": {"triples-store": "q1/tg/flow/x"}})");
  EXPECT_EQ(error_of(process("p", "d", "f2")), "unexpected-error: flow 'f2' has no interface 'text-load'");
  put_flow("f2", R"({"interfaces": {"text-load": "nowhere"}})");
  EXPECT_EQ(error_of(process("p", "d", "f2")).find("unexpected-error: malformed queue name"), 0u);
  EXPECT_EQ(error_of(process("p", "odd")).find("unexpected-error: "), 0u);
  EXPECT_EQ(listed(), 0u);
  EXPECT_FALSE(texts_.poll(Duration::zero()));
  EXPECT_EQ(error_of(process("p", "d")), "no error");
  EXPECT_EQ(error_of(process("p", "d")), "unexpected-error: Processing already exists");
}

TEST_F(LibraryRequests, ThatComeAgainSucceedAgainAndChangeNothing) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(add("d"), "r1"), "no error");
  EXPECT_EQ(error_of(add("d"), "r2"), "unexpected-error: Document already exists");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(process("p", "d"), "r3"), "no error");
  EXPECT_EQ(texts_.receive(10s)->text.str(), "hello");
  EXPECT_FALSE(texts_.poll(Duration::zero()));
  const LibrarianRequest unprocess{.operation = "remove-processing", .processing_id = "p", .user = "u"};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(unprocess, "r4"), "no error");
  LibrarianRequest update{.operation = "update-document", .document_metadata = add("d").document_metadata};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(update, "r5"), "no error");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(of_document("remove-document", "d"), "r6"), "no error");
  EXPECT_EQ(error_of(update, "r5"), "no error") << "it was carried out, before the document was removed";
}

}  // namespace
}  // namespace omnibus::librarian
