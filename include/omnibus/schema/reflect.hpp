#pragma once

/// Messages are plain structs. This makes the descriptor and the codec of one at compile time:
///
///     struct Greeting { std::string who; int times = 1; };
///     const omnibus::schema::Type& type = omnibus::schema::type_of<Greeting>();
///
/// docs/schemas.md has the rules, the member types and the pitfalls.

#include <omnibus/schema/detail/json_codec.hpp>
#include <omnibus/schema/schema.hpp>
#include <omnibus/schema/traits.hpp>

namespace omnibus {

/// A message type: a plain aggregate of supported members, or Raw. What else is wrong with a struct is told
/// by static_asserts of type_of, one sentence each.
template <class T>
concept Schema = std::is_same_v<T, Raw> || schema::detail::Structure<T>;

}  // namespace omnibus

namespace omnibus::schema {

/// The descriptor of a message or of a member type. Threads: any.
template <class T>
const Type& type_of() noexcept;

namespace detail {

template <class T>
const Type* type_pointer() noexcept {
  return &type_of<T>();
}

template <class T, std::size_t I>
std::string default_json() {
  const T value{};
  const auto* const member = leaf_at<I>(member_pointers(value));
  std::string text;
  encode_json<std::remove_cvref_t<decltype(*member)>>(member, {.nulls = Nulls::emit}, text);
  return text;
}

template <class T, std::size_t... I>
constexpr auto make_fields(std::index_sequence<I...>) {
  return bind(slot<T>.value, [](auto&... member) {
    return std::array<Field, sizeof...(I)>{Field{
        field_names<T>[I], &type_pointer<std::remove_cvref_t<decltype(member)>>, &default_json<T, I>}...};
  });
}
template <class T>
inline constexpr auto fields_of = make_fields<T>(std::make_index_sequence<field_count<T>>{});

template <class T>
constexpr Type make_message_type() {
  return Type{.kind = kind_of<T>(),
              .name = type_name<T>,
              .encode_json = &encode_json<T>,
              .decode_json = &decode_json<T>,
              .create = []() -> void* { return new T(); },
              .destroy = [](void* value) noexcept { delete static_cast<T*>(value); }};
}

template <class T>
constexpr Type make_type() {
  constexpr Kind kind = kind_of<T>();
  Type type{.kind = kind, .name = kind_name(kind)};
  if constexpr (kind == Kind::raw) {
    type = make_message_type<T>();
  } else if constexpr (kind == Kind::structure) {
    if constexpr (check_aggregate<T>()) {
      type = make_message_type<T>();
      type.fields = fields_of<T>;
    }
  } else if constexpr (kind == Kind::enumeration) {
    type.name = type_name<T>;
    type.enumerators = enumerators<T>.names;
  } else if constexpr (requires { typename Element<T>; }) {
    type.element = &type_pointer<Element<T>>;
  }
  return type;
}

template <class T>
inline constexpr Type type_object = make_type<T>();

}  // namespace detail

template <class T>
const Type& type_of() noexcept {
  return detail::type_object<T>;
}

}  // namespace omnibus::schema
