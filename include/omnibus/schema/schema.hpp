#pragma once

/// What the runtime needs to know of a message type: its descriptor, and functions that encode and decode it.
/// `type_of<T>()` makes both from a plain aggregate at compile time (omnibus/schema/reflect.hpp).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <omnibus/options.hpp>

namespace omnibus::schema {

enum class Kind : std::uint8_t {
  string,
  integer,
  boolean,
  number,
  bytes,
  list,
  dict,
  structure,
  optional,
  enumeration,
  raw
};

/// "string", "integer", …
constexpr std::string_view kind_name(Kind kind) noexcept {
  constexpr std::string_view names[] = {"string", "integer", "boolean",  "number", "bytes", "list",
                                        "dict",   "struct",  "optional", "enum",   "raw"};
  return names[static_cast<std::size_t>(kind)];
}
inline std::string_view to_string(Kind kind) noexcept { return kind_name(kind); }

struct Type;

/// One member of a structure, in declaration order.
struct Field {
  std::string_view name;
  const Type* (*type)() noexcept;  ///< a function, because structures may be recursive
  /// The default as JSON text ("\"\"", "0", "[]", "null" …), from a default-constructed structure.
  std::string (*default_json)();
};

/// How one connection writes JSON.
struct JsonOptions {
  Nulls nulls = Nulls::omit;
  std::size_t max_depth = 128;        ///< deeper nesting is a DecodeError
  std::size_t max_size = 256u << 20;  ///< larger input is a DecodeError; bytes
  bool reject_unknown = false;        ///< a key that the structure does not declare is a DecodeError
};

/// Descriptor and function table of one type. One object per type, alive for the whole program; compare
/// addresses.
struct Type {
  Kind kind;
  std::string_view name;  ///< unqualified, for example "TextDocument"; for others kind_name(kind)
  std::span<const Field> fields = {};           ///< of a structure
  const Type* (*element)() noexcept = nullptr;  ///< of a list, dict or optional
  std::span<const std::string_view> enumerators = {};

  // The following are set for structures and for Raw, the types of whole messages.

  /// Appends the JSON text. Errors: EncodeError; `out` is then as it was. Threads: any.
  void (*encode_json)(const void* value, const JsonOptions&, std::string& out) = nullptr;
  /// Overwrites `*value` (absent fields take their default). Errors: DecodeError; `*value` is then
  /// unspecified but valid.
  void (*decode_json)(std::string_view json, const JsonOptions&, void* value) = nullptr;
  /// A default-constructed value on the heap, for tools that know the type only by name.
  void* (*create)() = nullptr;
  void (*destroy)(void* value) noexcept = nullptr;
};

}  // namespace omnibus::schema
