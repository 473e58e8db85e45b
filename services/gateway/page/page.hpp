#pragma once

/// The web page: its files, compiled into the program.

#include <span>
#include <string_view>

namespace omnibus::gateway {

/// Everything in it lives as long as the program.
struct PageFile {
  std::string_view path;  ///< of the URL: "/", "/page/style.css" …
  std::string_view type;  ///< media type
  std::string_view body;
  std::string_view etag;  ///< in its quotes; another body has another one
};

/// Made by cmake/EmbedFiles.cmake from the files of this folder.
std::span<const PageFile> page_files() noexcept;

/// Null when there is no such file.
const PageFile* find_page(std::string_view path) noexcept;

/// Whether a client that sent this If-None-Match has the file already. Source: RFC 9110 section 13.1.2.
bool has_already(const PageFile& file, std::string_view if_none_match) noexcept;

/// What the browser may do for the page: load its own files and talk to its own gateway, nothing else.
inline constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace omnibus::gateway
