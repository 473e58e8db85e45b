#include "services/gateway/translate/charset.hpp"

#include <iconv.h>
#include <cerrno>

#include <memory>

#include "services/gateway/translate/fields.hpp"

namespace omnibus::gateway {

namespace {

struct Close {
  void operator()(void* converter) const noexcept { ::iconv_close(converter); }
};

bool is_name(const std::string& charset) {
  constexpr std::string_view known =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";  // no "//TRANSLIT"
  return !charset.empty() && charset.size() <= 40 && charset.find_first_not_of(known) == std::string::npos;
}

// NOLINTNEXTLINE(performance-no-int-to-ptr): POSIX has iconv_open return (iconv_t)-1
const auto unknown = reinterpret_cast<void*>(-1);

/// Python's names have more hyphens than iconv's: "latin-1".
void* open_converter(std::string charset) {
  if (!is_name(charset)) return unknown;
  if (void* opened = ::iconv_open("UTF-8", charset.c_str()); opened != unknown) return opened;
  std::erase_if(charset, [](char c) { return c == '-' || c == '_'; });
  return charset.empty() ? unknown : ::iconv_open("UTF-8", charset.c_str());
}

}  // namespace

std::string to_utf8(std::string bytes, const std::string& charset) {
  void* opened = open_converter(charset);
  if (opened == unknown) throw TranslationError("unknown encoding: " + charset.substr(0, 40));
  const std::unique_ptr<void, Close> converter(opened);
  std::string result(bytes.size() + bytes.size() / 2 + 16, '\0');
  char* in = bytes.data();
  std::size_t in_left = bytes.size();
  std::size_t written = 0;
  bool flushed = false;
  while (in_left > 0 || !flushed) {
    flushed = in_left == 0;
    char* out = result.data() + written;
    std::size_t out_left = result.size() - written;
    const auto status =
        ::iconv(converter.get(), flushed ? nullptr : &in, flushed ? nullptr : &in_left, &out, &out_left);
    written = result.size() - out_left;
    if (status != static_cast<std::size_t>(-1)) continue;
    if (errno != E2BIG) {
      throw TranslationError("text: not " + charset + " at byte " + std::to_string(bytes.size() - in_left));
    }
    result.resize(result.size() * 2);
    flushed = false;
  }
  result.resize(written);
  return result;
}

}  // namespace omnibus::gateway
