/// Any bytes, read as several messages: either a DecodeError that points into the text, or a value that
/// survives writing and reading again.

#include <cstdint>
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
#include <unordered_map>

#include <omnibus/catalogue/agent.hpp>
#include <omnibus/catalogue/config.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/library.hpp>
#include <omnibus/catalogue/llm.hpp>
#include <omnibus/json.hpp>

namespace {

namespace json = omnibus::json;
namespace catalogue = omnibus::catalogue;

enum class Level : std::int8_t { none = -1, low, high = 9 };

/// One member of every kind.
struct Everything {
  std::string text = "unset";
  std::int64_t i64 = 0;
  std::uint64_t u64 = 7;
  std::int8_t i8 = 0;
  bool flag = true;
  double real = 0.5;
  float single = 0;
  omnibus::Bytes bytes = {};
  Level level = Level::low;
  std::array<std::optional<std::int16_t>, 2> pair = {};
  std::vector<bool> bits = {};
  std::list<std::vector<double>> matrix = {};
  std::map<std::string, std::optional<std::string>> dict = {};
  std::vector<Everything> children = {};
  std::unique_ptr<Everything> next = nullptr;
};

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check(std::string_view text, const json::Options& options) {
  T value{};
  try {
    json::decode_to(text, value, options);
  } catch (const omnibus::DecodeError& error) {
    require(error.offset() <= text.size() && error.path().starts_with('$') && !error.reason().empty());
    return;
  }
  const json::Options emit{.nulls = omnibus::Nulls::emit};
  const std::string written = json::encode(value, emit);
  require(json::encode(json::decode<T>(written), emit) == written);
  std::string omitted;
  try {
    omitted = json::encode(value);
  } catch (const omnibus::EncodeError&) {
    const auto has = [&written](const char* word) { return written.find(word) != std::string::npos; };
    require(has("NaN") || has("Infinity"));
    return;
  }
  require(json::encode(json::decode<T>(omitted)) == omitted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check<Everything>(text, {});
  check<catalogue::TextCompletionResponse>(text, {});
  check<catalogue::ConfigResponse>(text, {.reject_unknown = true});
  check<catalogue::LibrarianRequest>(text, {.max_depth = 8});
  check<catalogue::DocumentEmbeddings>(text, {.max_size = 4096});
  check<catalogue::AgentRequest>(text, {});
  return 0;
}
