#include "services/embeddings/protocol.hpp"

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "services/embeddings/models.hpp"

namespace omnibus::embeddings {
namespace {

TEST(EmbeddingsProtocol, AsksForOneText) {
  EXPECT_EQ(body_of("m", "h\u00e9"), R"({"model": "m", "input": "h\u00e9"})");
}

TEST(EmbeddingsProtocol, ReadsBothKinds) {
  EXPECT_EQ(vector_of(Kind::openai, R"({"data": [{"index": 0, "embedding": [0.5, -1, 2e3]}], "usage": {}})"),
            (std::vector<double>{0.5, -1, 2000}));
  EXPECT_EQ(vector_of(Kind::ollama, R"({"model": "m", "embeddings": [[0.25, 1]]})"),
            (std::vector<double>{0.25, 1}));
}

TEST(EmbeddingsProtocol, RefusesWhatIsNoAnswer) {
  for (const char* inside : {"5", "null", "[]", "[[]]", "[[1], [2]]", R"([["x"]])", "[[null]]", "[1]",
                             R"([{"embedding": [1]}, {"embedding": [2]}])", R"([{"embedding": []}])",
                             R"([{"embedding": "AAAA"}])", R"([{"embedding": [1, []]}])"}) {
    EXPECT_THROW((void)vector_of(Kind::ollama, std::string(R"({"embeddings": )") + inside + "}"),
                 ProtocolError)
        << inside;
    EXPECT_THROW((void)vector_of(Kind::openai, std::string(R"({"data": )") + inside + "}"), ProtocolError)
        << inside;
  }
  for (const char* body : {"", "<html>", "[]", "{}"}) {
    EXPECT_THROW((void)vector_of(Kind::openai, body), ProtocolError) << body;
    EXPECT_THROW((void)vector_of(Kind::ollama, body), ProtocolError) << body;
  }
}

TEST(EmbeddingsProtocol, CompletesTheHostOfOllama) {
  EXPECT_EQ(ollama_url("localhost"), "http://localhost:11434");
  EXPECT_EQ(ollama_url("0.0.0.0:80"), "http://0.0.0.0:80");
  EXPECT_EQ(ollama_url("[::1]"), "http://[::1]:11434");
  EXPECT_EQ(ollama_url("[::1]:5"), "http://[::1]:5");
  EXPECT_EQ(ollama_url("https://models"), "https://models");
}

}  // namespace
}  // namespace omnibus::embeddings
