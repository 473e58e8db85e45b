#pragma once

/// The same four messages through each JSON library, to the same structs. An encoder appends to an emptied
/// string; a decoder builds a fresh struct.

#include <string>

#include "shapes.hpp"

namespace omnibus::benchmark {

struct Omnibus {
  template <class T>
  static void encode(const T& value, std::string& out);
  template <class T>
  static void decode(const std::string& text, T& value);
};

struct Nlohmann {
  template <class T>
  static void encode(const T& value, std::string& out);
  template <class T>
  static void decode(const std::string& text, T& value);
};

struct Rapidjson {
  template <class T>
  static void encode(const T& value, std::string& out);
  template <class T>
  static void decode(const std::string& text, T& value);
};

/// Reads only.
struct Simdjson {
  template <class T>
  static void decode(const std::string& text, T& value);
};

}  // namespace omnibus::benchmark
