#pragma once

/// The rules of keys.hpp: what a key's absence or form means, in requests (`read`) and in answers (`write`).
/// Threads: constants and pure functions.

#include <optional>
#include <string_view>

#include "services/gateway/translate/fields.hpp"

namespace omnibus::gateway::rule {

/// In: the member stays as it is when the key is absent.
struct Optional {
  template <class Member>
  void read(const Fields& fields, std::string_view key, Member& member) const {
    fields.read(key, member);
  }
};

/// In: its absence is an error that names the key.
struct Required {
  template <class Member>
  void read(const Fields& fields, std::string_view key, Member& member) const {
    fields.require(key, member);
  }
};

/// In: text with a default.
struct Text {
  std::string_view absent;
  void read(const Fields& fields, std::string_view key, std::string& member) const {
    member = absent;
    fields.read(key, member);
  }
};

/// In: a whole number with a default, also as numeric text.
struct Number {
  std::int64_t absent;
  void read(const Fields& fields, std::string_view key, std::int64_t& member) const;
};

/// In: base64, kept as base64 without what is no part of it.
struct Base64 {
  bool must = false;
  void read(const Fields& fields, std::string_view key, Bytes& member) const;
  void read(const Fields& fields, std::string_view key, std::optional<Bytes>& member) const;
};

/// In: any JSON, kept as JSON text; a null that is there is the text "null".
struct JsonText {
  void read(const Fields& fields, std::string_view key, std::optional<std::string>& member) const;
};

/// In: values that are not text become their JSON text.
struct Texts {
  void read(const Fields& fields, std::string_view key, std::map<std::string, std::string>& member) const;
};

/// In: each value becomes its JSON text.
struct JsonTexts {
  void read(const Fields& fields, std::string_view key, std::map<std::string, std::string>& member) const;
};

/// In: values that are not text become what the flow service would make of them.
struct PythonTexts {
  void read(const Fields& fields, std::string_view key,
            std::optional<std::map<std::string, std::string>>& member) const;
};

/// In: one object or a list of them; values that are not text become their JSON text.
struct OneOrMore {
  void read(const Fields& fields, std::string_view key,
            std::vector<std::map<std::string, std::string>>& member) const;
};

/// In: a number with a default.
struct Real {
  double absent;
  void read(const Fields& fields, std::string_view key, double& member) const {
    member = absent;
    fields.read(key, member);
  }
};

/// In: a list that is empty when the key is absent, though the member could be null.
struct ListOrEmpty {
  template <class Item>
  void read(const Fields& fields, std::string_view key, std::optional<std::vector<Item>>& member) const {
    member.emplace();
    fields.read(key, *member);
  }
};

/// Adds a key to an answer.
void add(boost::json::object& object, std::string_view key, boost::json::value value);

/// Out: null when the member is empty.
struct Always {
  template <class Member>
  void write(boost::json::object& object, std::string_view key, const Member& member) const {
    add(object, key, to_json(member));
  }
};

/// Out: left out when the member is null.
struct UnlessNull {
  template <class Member>
  void write(boost::json::object& object, std::string_view key, const std::optional<Member>& member) const {
    if (member) add(object, key, to_json(*member));
  }
};

/// Out: left out when the member is null, zero, false or empty.
struct Truthy {
  template <class Member>
  void write(boost::json::object& object, std::string_view key, const Member& member) const {
    if (is_true(member)) add(object, key, to_json(member));
  }

 private:
  template <class Member>
  static bool is_true(const Member& member) {
    if constexpr (requires { member.empty(); }) {
      return !member.empty();
    } else {
      return member != Member{};
    }
  }
  template <class Member>
  static bool is_true(const std::optional<Member>& member) {
    return member && is_true(*member);
  }
};

/// Out: a struct that must be there.
struct Present {
  template <class Member>
  void write(boost::json::object& object, std::string_view key, const std::optional<Member>& member) const {
    if (!member) throw TranslationError("'NoneType' object has no attribute 'value'");
    add(object, key, to_json(*member));
  }
};

/// Out: JSON text becomes JSON; empty text is left out. What is not JSON stays text, or is an error.
struct Decoded {
  bool strict = false;
  void write(boost::json::object& object, std::string_view key, const std::string& member) const;
  void write(boost::json::object& object, std::string_view key,
             const std::optional<std::string>& member) const;
};

/// Out: JSON text becomes JSON, other text stays, empty text is null.
struct DecodedOrText {
  void write(boost::json::object& object, std::string_view key, const std::string& member) const;
};

}  // namespace omnibus::gateway::rule

namespace omnibus::gateway {

inline constexpr rule::Optional optional{};
inline constexpr rule::Required required{};
inline constexpr rule::Text user_or_default{"trustgraph"};
inline constexpr rule::Text collection_or_default{"default"};
inline constexpr rule::Base64 base64{};
inline constexpr rule::Texts texts{};
inline constexpr rule::Always always{};
inline constexpr rule::Present not_null{};
inline constexpr rule::UnlessNull unless_null{};
inline constexpr rule::Truthy truthy{};

}  // namespace omnibus::gateway
