#pragma once

#include <memory>

#include <omnibus/settings.hpp>

#include "services/librarian/contents.hpp"

namespace omnibus::librarian {

/// Adds `librarian-store` and the `object-store-…` flags.
Flags store_flags(Flags flags);

/// Where they say that content is: in the folder, or in an object store, under the library's name.
/// Errors: ConfigError; as FolderContents and ObjectContents.
std::unique_ptr<Contents> contents_of(const Settings& settings, std::string_view library);

}  // namespace omnibus::librarian
