#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "services/gateway/page/page.hpp"
#include "services/gateway/server/server.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"

namespace omnibus::gateway {
namespace {

namespace http = boost::beast::http;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class PageTest : public testing::Test {
 protected:
  void start(std::string token = {}) {
    server_ = std::make_unique<Server>(
        ServerOptions{.address = "127.0.0.1", .port = 0, .api_token = std::move(token)}, handler_);
    server_->start();
  }
  HttpClient::Response send(const std::string& line, const std::string& headers = {}) {
    HttpClient client(server_->port());
    client.write(line + " HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n");
    return client.read();
  }

  FakeHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(PageTest, EveryFileIsServedWithoutAToken) {
  start("secret");
  std::set<std::string_view> tags;
  for (const auto& file : page_files()) {
    const auto response = send("GET " + std::string(file.path));
    EXPECT_EQ(response.result_int(), 200u) << file.path;
    EXPECT_EQ(response.body(), file.body);
    EXPECT_EQ(response[http::field::content_type], file.type);
    EXPECT_EQ(response[http::field::cache_control], "no-cache");
    EXPECT_TRUE(tags.insert(file.etag).second) << file.path << " has the tag of another file";
  }
  EXPECT_THAT(send("GET /?from=a-bookmark").body(), HasSubstr("<title>omnibus</title>"));
  EXPECT_EQ(handler_.counted("page 200"), static_cast<int>(page_files().size()) + 1);
}

TEST_F(PageTest, TheBrowserMayDoNothingElseForIt) {
  start();
  const auto response = send("GET /");
  EXPECT_EQ(response["Content-Security-Policy"], page_policy);
  EXPECT_THAT(std::string(page_policy), HasSubstr("default-src 'none'"));
  EXPECT_THAT(std::string(page_policy), Not(HasSubstr("unsafe")));
  EXPECT_EQ(response["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(response["Referrer-Policy"], "no-referrer");
  EXPECT_TRUE(send("GET /api/v1/health")["Content-Security-Policy"].empty());
}

TEST_F(PageTest, AFileThatTheBrowserHasIsNotSentAgain) {
  start();
  const std::string tag(send("GET /page/main.js")[http::field::etag]);
  for (const auto& known : {tag, "\"other\", " + tag, "W/" + tag, std::string("*")}) {
    const auto response = send("GET /page/main.js", "If-None-Match: " + known + "\r\n");
    EXPECT_EQ(response.result_int(), 304u) << known;
    EXPECT_EQ(response.body(), "");
    EXPECT_EQ(response[http::field::etag], tag);
  }
  EXPECT_EQ(send("GET /page/main.js", "If-None-Match: \"other\"\r\n").result_int(), 200u);
}

TEST_F(PageTest, HeadTellsTheLengthAndSendsNoBody) {
  start();
  HttpClient client(server_->port());
  client.write("HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const auto all = client.read_all();
  EXPECT_THAT(all, HasSubstr("Content-Length: " + std::to_string(find_page("/")->body.size()) + "\r\n"));
  EXPECT_THAT(all, EndsWith("\r\n\r\n"));
}

TEST_F(PageTest, OtherMethodsAndFilesAreRefused) {
  start();
  const auto response = send("POST /", "Content-Length: 0\r\n");
  EXPECT_EQ(response.result_int(), 405u);
  EXPECT_EQ(response[http::field::allow], "GET, HEAD");
  EXPECT_EQ(send("GET /page/").result_int(), 404u);
  EXPECT_EQ(send("GET /page/page.hpp").result_int(), 404u);
}

TEST_F(PageTest, TheStatusWantsTheToken) {
  start("secret");
  EXPECT_EQ(send("GET /api/v1/status").result_int(), 401u);
  HttpClient client(server_->port());
  client.write("GET /api/v1/status HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer secret\r\n\r\n");
  const auto seen = handler_.next();
  EXPECT_EQ(seen.call.service, "status");
  seen.reply({.body = "{}"});
  EXPECT_EQ(client.read().body(), "{}");
}

}  // namespace
}  // namespace omnibus::gateway
