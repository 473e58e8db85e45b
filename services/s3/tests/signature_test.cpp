#include "services/s3/signature.hpp"

#include <gtest/gtest.h>

namespace omnibus::s3 {
namespace {

// Source: Amazon S3 API reference, "Authenticating requests: using the Authorization header", its examples.
const Credentials example{.access_key = "AKIAIOSFODNN7EXAMPLE",
                          .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr const char* of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Case {
  const char* name;
  std::string method, path;
  std::map<std::string, std::string> query, headers;
  std::string body, names, signature;
};

class Signature : public testing::TestWithParam<Case> {};

TEST_P(Signature, IsThatOfThePublishedExample) {
  const auto& given = GetParam();
  Signed request{.method = given.method, .path = given.path, .query = given.query, .headers = given.headers};
  request.headers["host"] = "examplebucket.s3.amazonaws.com";
  request.headers["x-amz-date"] = "20130524T000000Z";
  request.headers["x-amz-content-sha256"] = sha256(given.body);
  EXPECT_EQ(
      authorization(request, example, "us-east-1"),
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
          given.names + ",Signature=" + given.signature);
}

INSTANTIATE_TEST_SUITE_P(
    Published, Signature,
    testing::Values(Case{"GetObject",
                         "GET",
                         "/test.txt",
                         {},
                         {{"range", "bytes=0-9"}},
                         "",
                         "host;range;x-amz-content-sha256;x-amz-date",
                         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                    Case{"PutObject",
                         "PUT",
                         escaped_path("/test$file.text"),
                         {},
                         {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         "Welcome to Amazon S3.",
                         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                    Case{"GetBucketLifecycle",
                         "GET",
                         "/",
                         {{"lifecycle", ""}},
                         {},
                         "",
                         "host;x-amz-content-sha256;x-amz-date",
                         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                    Case{"ListObjects",
                         "GET",
                         "/",
                         {{"prefix", "J"}, {"max-keys", "2"}},
                         {},
                         "",
                         "host;x-amz-content-sha256;x-amz-date",
                         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}),
    [](const auto& given) { return std::string(given.param.name); });

TEST(SignatureParts, AreHexadecimalAndEscaped) {
  EXPECT_EQ(sha256(""), of_nothing);
  EXPECT_EQ(escaped_path("/a b/ü~"), "/a%20b/%C3%BC~");
  EXPECT_EQ(escaped_query("a/b=c"), "a%2Fb%3Dc");
  EXPECT_EQ(query_text({{"b", "2"}, {"a", " "}}), "a=%20&b=2");
  EXPECT_EQ(query_text({}), "");
}

TEST(SignatureParts, GiveTheTimeInUtc) {
  using std::chrono::milliseconds;
  EXPECT_EQ(timestamp(SystemTime(milliseconds(1369353600000))), "20130524T000000Z");
  EXPECT_EQ(timestamp(SystemTime(milliseconds(1369353600999))), "20130524T000000Z");
}

}  // namespace
}  // namespace omnibus::s3
