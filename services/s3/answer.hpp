#pragma once

/// Reading what an object store answered. Threads: pure functions.

#include <set>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::s3 {

/// The text of the first element of that name, with no elements in it; empty when there is none.
std::string element(std::string_view xml, std::string_view name);
/// The texts of all of them.
std::set<std::string> elements(std::string_view xml, std::string_view name);

/// Whether another attempt may succeed.
bool may_pass(int status, std::string_view body);

/// `what` failed with this answer. Source: Amazon S3 API reference, "Error responses".
Error failure_of(const std::string& what, int status, std::string_view body);

}  // namespace omnibus::s3
