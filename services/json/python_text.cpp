#include "services/json/python_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>

#include <omnibus/error.hpp>

namespace omnibus::json {
namespace {

using boost::json::kind;
using boost::json::value;

constexpr std::size_t max_depth = 128;

void append_unit(std::uint32_t unit, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xF];
}

void append_code_point(std::uint32_t code, std::string& out) {
  if (code < 0x10000) return append_unit(code, out);
  append_unit(0xD800 + ((code - 0x10000) >> 10), out);
  append_unit(0xDC00 + ((code - 0x10000) & 0x3FF), out);
}

/// The code point that starts at `at`, which moves behind it. The parser has checked the text.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  std::uint32_t code = lead & (0x3Fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  }
  return code;
}

void append_string(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto code = next_code_point(text, at);
    switch (code) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (code >= 0x20 && code < 0x7F + 1) {
          out += static_cast<char>(code);
        } else {
          append_code_point(code, out);
        }
    }
  }
  out += '"';
}

/// Text inside a list or dict, as Python's `repr` quotes it.
void append_repr(std::string_view text, std::string& out) {
  const char quote =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    if (c == quote || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  out += quote;
}

/// The words in which the two forms differ.
struct Style {
  std::string_view null, yes, no;
  void (*text)(std::string_view, std::string&);
};
constexpr Style json_style{"null", "true", "false", append_string};
constexpr Style python_style{"None", "True", "False", append_repr};

void append(const value& item, const Style& style, std::string& out) {
  switch (item.kind()) {
    case kind::null:
      out += style.null;
      break;
    case kind::bool_:
      out += item.get_bool() ? style.yes : style.no;
      break;
    case kind::int64:
      out += std::to_string(item.get_int64());
      break;
    case kind::uint64:
      out += std::to_string(item.get_uint64());
      break;
    case kind::double_:
      out += python_number(item.get_double());
      break;
    case kind::string:
      style.text(item.get_string(), out);
      break;
    case kind::array: {
      out += '[';
      std::string_view separator;
      for (const auto& element : item.get_array()) {
        out += separator;
        append(element, style, out);
        separator = ", ";
      }
      out += ']';
      break;
    }
    case kind::object: {
      out += '{';
      std::string_view separator;
      for (const auto& [key, element] : item.get_object()) {
        out += separator;
        style.text(key, out);
        out += ": ";
        append(element, style, out);
        separator = ", ";
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

boost::json::value parse(std::string_view text, std::string_view what) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::stream_parser parser({}, options);
  boost::json::error_code failure;
  const auto used = parser.write_some(text.data(), text.size(), failure);
  if (!failure) parser.finish(failure);
  if (!failure && used < text.size()) failure = boost::json::error::extra_data;
  if (failure) {
    throw ConfigError(std::string(what) + ": not JSON: " + failure.message() + " at offset " +
                      std::to_string(used));
  }
  return parser.release();
}

std::string dump(const value& item) {
  std::string out;
  append(item, json_style, out);
  return out;
}

std::string python_text(const value& item) {
  return item.is_string() ? std::string(item.get_string()) : python_repr(item);
}

std::string python_repr(const value& item) {
  std::string out;
  append(item, python_style, out);
  return out;
}

std::string python_number(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 400> buffer{};
  const auto magnitude = std::fabs(number);
  const bool scientific = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string out(buffer.data(), end.ptr);
  if (!scientific && out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace omnibus::json
