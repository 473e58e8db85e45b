#pragma once

/// Each type straight to and from JSON, compiled per type. Not for direct use: see omnibus/json.hpp.

#include <limits>
#include <memory>
#include <vector>

#include <omnibus/schema/detail/checks.hpp>
#include <omnibus/schema/detail/enums.hpp>
#include <omnibus/schema/detail/json_reader.hpp>
#include <omnibus/schema/detail/json_writer.hpp>
#include <omnibus/schema/detail/kinds.hpp>
#include <omnibus/schema/traits.hpp>

namespace omnibus::schema::detail {

template <class T>
bool write_value(JsonWriter& out, const T& value);
/// `value` is fresh: default-constructed, or its structure's default. A null leaves it so.
template <class T>
bool read_value(JsonReader& in, T& value);

/// `"name":` as a literal.
template <class T, std::size_t I>
struct QuotedName {
  static constexpr std::string_view name = field_names<T>[I];
  struct Text {
    char key[name.size() + 4] = {};     // "name":
    char quoted[name.size() + 3] = {};  // "name"
  };
  static constexpr Text make() {
    Text made;
    std::size_t at = 0;
    made.key[at] = made.quoted[at] = '"';
    for (const char c : name) {
      ++at;
      made.key[at] = made.quoted[at] = c;
    }
    ++at;
    made.key[at] = made.quoted[at] = '"';
    made.key[at + 1] = ':';
    return made;
  }
  static constexpr Text text = make();
};

template <class T>
constexpr bool is_empty_optional(const T& value) {
  if constexpr (Optional<T> || Pointer<T>) {
    return !value;
  } else {
    return false;
  }
}

// Writing

template <class T, std::size_t I, class Member>
bool write_member(JsonWriter& out, const Member& member) {
  if (is_empty_optional(member) && !out.emits_nulls()) return true;
  out.literal(QuotedName<T, I>::text.key);
  if (!write_value(out, member)) return out.fail_in_field(field_names<T>[I]);
  out.character(',');
  return true;
}

template <class T>
bool write_structure(JsonWriter& out, const T& value) {
  if (!out.open('{')) return false;
  const bool written = bind(value, [&out](const auto&... member) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (write_member<T, I>(out, member) && ...);
    }
    (std::make_index_sequence<sizeof...(member)>{});
  });
  if (!written) return false;
  out.close('}');
  return true;
}

template <class T>
bool write_list(JsonWriter& out, const T& list) {
  if constexpr (std::is_same_v<T, std::vector<double>>) return out.numbers(list);
  if (!out.open('[')) return false;
  std::size_t index = 0;
  for (const auto& item : list) {
    if (!write_value<Element<T>>(out, item)) return out.fail_in_item(index);
    out.character(',');
    ++index;
  }
  out.close(']');
  return true;
}

template <class T>
bool write_dict(JsonWriter& out, const T& dict) {
  if (!out.open('{')) return false;
  for (const auto& [key, item] : dict) {
    if (is_empty_optional(item) && !out.emits_nulls()) continue;
    if (!out.string(key)) return out.fail_in_field(key);
    out.character(':');
    if (!write_value(out, item)) return out.fail_in_field(key);
    out.character(',');
  }
  out.close('}');
  return true;
}

template <class E>
bool write_enumeration(JsonWriter& out, E value) {
  for (std::size_t i = 0; i < enumerators<E>.count; ++i) {
    if (enumerators<E>.values[i] == value) return out.string(enumerators<E>.names[i]);
  }
  return out.fail("value " + std::to_string(static_cast<long long>(value)) + " has no name in " +
                  std::string(type_name<E>));
}

template <class T>
bool write_value(JsonWriter& out, const T& value) {
  constexpr Kind kind = kind_of<T>();
  if constexpr (kind == Kind::boolean) {
    out.boolean(value);
    return true;
  } else if constexpr (kind == Kind::integer) {
    if constexpr (std::is_signed_v<T>) {
      out.integer(value);
    } else {
      out.unsigned_integer(value);
    }
    return true;
  } else if constexpr (kind == Kind::number) {
    return out.number(value);
  } else if constexpr (kind == Kind::string) {
    return out.string(value);
  } else if constexpr (kind == Kind::bytes) {
    return out.bytes(value);
  } else if constexpr (kind == Kind::enumeration) {
    return write_enumeration(out, value);
  } else if constexpr (kind == Kind::optional) {
    if (value) return write_value<Element<T>>(out, *value);
    out.literal("null");
    return true;
  } else if constexpr (kind == Kind::list) {
    return write_list(out, value);
  } else if constexpr (kind == Kind::dict) {
    return write_dict(out, value);
  } else {
    static_assert(kind == Kind::structure, "omnibus: Raw is a whole message, not a member; use Bytes");
    if constexpr (check_aggregate<T>()) return write_structure(out, value);
  }
}

// Reading

/// Where reading the members of one object stands.
struct ObjectProgress {
  std::uint64_t seen = 0;
  JsonReader::Next next = JsonReader::Next::item;
};

template <class T, std::size_t I, class Member>
bool read_member(JsonReader& in, Member& member, ObjectProgress& progress) {
  if (!read_value(in, member)) {
    progress.next = JsonReader::Next::failed;
    return in.fail_in_field(field_names<T>[I]);
  }
  progress.seen |= std::uint64_t{1} << I;
  progress.next = in.next('}');
  return progress.next != JsonReader::Next::failed;
}

/// Takes member I when it comes next; true to go on with I + 1.
template <class T, std::size_t I, class Member>
bool read_in_order(JsonReader& in, Member& member, ObjectProgress& progress) {
  if (!in.skip_key(QuotedName<T, I>::text.quoted)) return true;
  return read_member<T, I>(in, member, progress) && progress.next == JsonReader::Next::item;
}

/// A member given twice starts again from its default.
template <class T, std::size_t I>
void reset_member(T& value) {
  T fresh{};
  *leaf_at<I>(member_pointers(value)) = std::move(*leaf_at<I>(member_pointers(fresh)));
}

template <class T, std::size_t I, class Member>
bool read_again(JsonReader& in, T& value, Member& member, ObjectProgress& progress) {
  if ((progress.seen >> I & 1) != 0) reset_member<T, I>(value);
  return read_member<T, I>(in, member, progress);
}

/// Members in any order, unknown and repeated ones.
template <class T>
bool read_any_order(JsonReader& in, T& value, ObjectProgress& progress) {
  std::size_t hint = 0;
  while (progress.next == JsonReader::Next::item) {
    std::string_view name;
    if (!in.key(name)) return false;
    const std::size_t index = JsonReader::find(field_names<T>, name, hint);
    if (index == field_count<T>) {
      if (!in.skip_unknown(field_names<T>, name)) return false;
      progress.next = in.next('}');
      continue;
    }
    hint = index + 1;
    bind(value, [&](auto&... member) {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (void)((index == I ? (void(read_again<T, I>(in, value, member, progress)), true) : false) || ...);
      }
      (std::make_index_sequence<sizeof...(member)>{});
    });
  }
  return progress.next == JsonReader::Next::end;
}

template <class T>
bool check_required(JsonReader& in, std::size_t offset, std::uint64_t seen) {
  if constexpr (has_required<T>) {
    for (const std::string_view name : schema_traits<T>::required) {
      const std::size_t index = JsonReader::find(field_names<T>, name, 0);
      if ((seen >> index & 1) == 0) {
        return in.fail_at(offset, "required field \"" + std::string(name) + "\" is missing");
      }
    }
  }
  return true;
}

template <class T>
bool read_structure(JsonReader& in, T& value) {
  static_assert(required_names_exist<T>(), "omnibus: schema_traits<T>::required names a field that T lacks");
  const std::size_t offset = in.offset();
  ObjectProgress progress{.next = in.open_object()};
  if (progress.next == JsonReader::Next::item) {
    bind(value, [&](auto&... member) {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (void)(read_in_order<T, I>(in, member, progress) && ...);
      }
      (std::make_index_sequence<sizeof...(member)>{});
    });
    if (progress.next == JsonReader::Next::item && !read_any_order(in, value, progress)) return false;
  }
  return progress.next == JsonReader::Next::end && check_required<T>(in, offset, progress.seen);
}

/// Grows a small vector fourfold: half as many moves as by doubling, and still bounded by what was read.
template <class T>
void make_room(T& list) {
  if constexpr (requires { list.reserve(list.capacity()); }) {
    if (list.size() == list.capacity() && list.size() < 64) list.reserve(list.empty() ? 4 : list.size() * 4);
  }
}

template <class T>
bool read_list(JsonReader& in, T& list) {
  list.clear();
  if constexpr (std::is_same_v<T, std::vector<double>>) return in.numbers(list);
  JsonReader::Next next = in.open_list();
  for (std::size_t index = 0; next == JsonReader::Next::item; ++index) {
    if constexpr (std::is_same_v<Element<T>, bool>) {
      bool item = false;
      if (!read_value(in, item)) return in.fail_in_item(index);
      list.push_back(item);
    } else {
      make_room(list);
      list.emplace_back();
      if (!read_value(in, list.back())) return in.fail_in_item(index);
    }
    next = in.next(']');
  }
  return next == JsonReader::Next::end;
}

template <class T>
bool read_array(JsonReader& in, T& array) {
  const std::size_t offset = in.offset();
  constexpr std::size_t size = std::tuple_size_v<T>;
  const auto wrong_size = [&] {
    return in.fail_at(offset, "expected a list of exactly " + std::to_string(size) + " items");
  };
  JsonReader::Next next = in.open_list();
  std::size_t index = 0;
  for (; next == JsonReader::Next::item; ++index) {
    if (index == size) return wrong_size();
    if (!read_value(in, array[index])) return in.fail_in_item(index);
    next = in.next(']');
  }
  if (next == JsonReader::Next::failed) return false;
  return index == size || wrong_size();
}

template <class T>
bool read_dict(JsonReader& in, T& dict) {
  dict.clear();
  JsonReader::Next next = in.open_object();
  while (next == JsonReader::Next::item) {
    std::string_view name;
    if (!in.key(name)) return false;
    std::string key(name);
    Element<T> item{};
    if (!read_value(in, item)) return in.fail_in_field(key);
    dict.insert_or_assign(std::move(key), std::move(item));
    next = in.next('}');
  }
  return next == JsonReader::Next::end;
}

template <class T>
bool read_optional(JsonReader& in, T& value) {
  if constexpr (Optional<T>) {
    return read_value(in, value.emplace());
  } else {
    auto fresh = std::make_unique<Element<T>>();
    value = T(std::move(fresh));
    return read_value(in, *value);
  }
}

template <class T>
bool read_integer(JsonReader& in, T& value) {
  if constexpr (std::is_signed_v<T>) {
    std::int64_t number = 0;
    if (!in.integer(number, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())) return false;
    value = static_cast<T>(number);
  } else {
    std::uint64_t number = 0;
    if (!in.unsigned_integer(number, std::numeric_limits<T>::max())) return false;
    value = static_cast<T>(number);
  }
  return true;
}

template <class T>
bool read_value(JsonReader& in, T& value) {
  constexpr Kind kind = kind_of<T>();
  if (in.peek() == 'n' && in.skip_null()) {
    if constexpr (kind == Kind::optional) value.reset();
    return true;
  }
  if constexpr (kind == Kind::boolean) {
    return in.boolean(value);
  } else if constexpr (kind == Kind::integer) {
    return read_integer(in, value);
  } else if constexpr (kind == Kind::number) {
    return in.number(value);
  } else if constexpr (kind == Kind::string) {
    return in.string(value);
  } else if constexpr (kind == Kind::bytes) {
    return in.string(value.str());
  } else if constexpr (kind == Kind::enumeration) {
    std::size_t index = 0;
    if (!in.enumerator(enumerators<T>.names, index)) return false;
    value = enumerators<T>.values[index];
    return true;
  } else if constexpr (kind == Kind::optional) {
    return read_optional(in, value);
  } else if constexpr (FixedArray<T>) {
    return read_array(in, value);
  } else if constexpr (kind == Kind::list) {
    return read_list(in, value);
  } else if constexpr (kind == Kind::dict) {
    return read_dict(in, value);
  } else {
    static_assert(kind == Kind::structure, "omnibus: Raw is a whole message, not a member; use Bytes");
    if constexpr (check_aggregate<T>()) return read_structure(in, value);
  }
}

// Whole texts

template <class T>
void encode_json(const void* value, const JsonOptions& options, std::string& text) {
  if constexpr (std::is_same_v<T, Raw>) {
    text += static_cast<const Raw*>(value)->bytes;
  } else {
    JsonWriter out(text, options);
    if (!write_value(out, *static_cast<const T*>(value))) out.raise(type_name<T>);
    out.finish();
  }
}

/// A message is an object, never null; member types may be null as anywhere.
template <class T>
bool read_whole(JsonReader& in, T& value) {
  if constexpr (!Structure<T>) {
    value = T{};
    return read_value(in, value);
  } else if constexpr (check_aggregate<T>()) {
    value = T{};
    return read_structure(in, value);
  } else {
    return false;
  }
}

template <class T>
void decode_json(std::string_view text, const JsonOptions& options, void* target) {
  T& value = *static_cast<T*>(target);
  if constexpr (std::is_same_v<T, Raw>) {
    value.bytes.assign(text);
  } else {
    JsonReader in(text, options);
    const bool read = in.begin() && read_whole(in, value) && in.finish();
    if (!read) in.raise(type_name<T>);
  }
}

}  // namespace omnibus::schema::detail
