#include "services/librarian/contents.hpp"

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>

namespace omnibus::librarian {
namespace {

/// Whole groups of base64.
constexpr std::size_t characters = 64u << 10;

using Sink = std::function<void(std::string_view)>;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Decodes text that comes in pieces.
class Decoder {
 public:
  explicit Decoder(const Sink& sink) : sink_(sink) { pending_.reserve(characters); }

  void take(std::string_view text) {
    for (const char c : text) {
      if (is_space(c)) continue;
      if (pending_.size() == characters) write(false);
      pending_.push_back(c);
    }
  }
  void finish() { write(true); }

 private:
  void write(bool last) {
    const auto decoded = base64::decode(pending_);
    if (!decoded || (!last && pending_.back() == '=')) {
      throw Error(ErrorCode::decode, "content: not base64 (standard alphabet, padded)");
    }
    sink_(*decoded);
    pending_.clear();
  }

  const Sink& sink_;
  std::string pending_;
};

}  // namespace

void decode_base64(std::string_view text, const Sink& sink) {
  Decoder decoder(sink);
  decoder.take(text);
  decoder.finish();
}

}  // namespace omnibus::librarian
