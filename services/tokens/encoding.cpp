#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <limits>
#include <new>
#include <utility>

#include <omnibus/error.hpp>

#include "services/tokens/encoding.hpp"

namespace omnibus::tokens {
namespace {

// White space as tiktoken's matcher has it; PCRE2's own \s has U+180E besides.
#define OMNIBUS_SPACE \
  "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
constexpr const char* cl100k_base =
    "'(?i:[sdmt]|ll|ve|re)"
    "|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++"
    "|\\p{N}{1,3}+"
    "| ?[^" OMNIBUS_SPACE
    "\\p{L}\\p{N}]++[\\r\\n]*+"
    "|[" OMNIBUS_SPACE
    "]++\\z"
    "|[" OMNIBUS_SPACE
    "]*[\\r\\n]"
    "|[" OMNIBUS_SPACE "]+(?![^" OMNIBUS_SPACE
    "])"
    "|[" OMNIBUS_SPACE "]";
#undef OMNIBUS_SPACE

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  ::pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

struct Free {
  void operator()(pcre2_code* code) const { ::pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { ::pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { ::pcre2_match_context_free(context); }
};

}  // namespace

/// The compiled pattern, which threads share.
struct Encoding::Pattern {
  Pattern() {
    int error = 0;
    std::size_t offset = 0;
    code.reset(::pcre2_compile(reinterpret_cast<PCRE2_SPTR>(cl100k_base), PCRE2_ZERO_TERMINATED,
                               PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    if (!code) throw Error(ErrorCode::internal, "PCRE2 does not take the pattern: " + message_of(error));
    ::pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // without it matching is slower, no more
    context.reset(::pcre2_match_context_create(nullptr));
    if (!context) throw std::bad_alloc();
    ::pcre2_set_match_limit(context.get(), std::numeric_limits<std::uint32_t>::max());  // long runs of blanks
    ::pcre2_set_heap_limit(context.get(), std::numeric_limits<std::uint32_t>::max());
  }

  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_context, Free> context;
};

Encoding::Encoding(Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), pattern_(std::make_unique<const Pattern>()) {}

Encoding::~Encoding() = default;

std::vector<Token> Encoding::encode(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, Free> match(
      ::pcre2_match_data_create_from_pattern(pattern_->code.get(), nullptr));
  if (!match) throw std::bad_alloc();
  std::vector<Token> out;
  std::uint32_t options = 0;  // the first call checks that the text is UTF-8
  for (std::size_t at = 0; at < text.size(); options = PCRE2_NO_UTF_CHECK) {
    const auto found = ::pcre2_match(pattern_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                     text.size(), at, options, match.get(), pattern_->context.get());
    if (found < 0) {
      throw Error(ErrorCode::decode, "the text cannot be split into words: " + message_of(found));
    }
    const auto end = ::pcre2_get_ovector_pointer(match.get())[1];
    merge(text.substr(at, end - at), at, vocabulary_, out);
    at = end;
  }
  return out;
}

}  // namespace omnibus::tokens
