#include <algorithm>

#include <omnibus/error.hpp>

#include "services/prompt/template/nodes.hpp"
#include "services/prompt/template/split.hpp"

namespace omnibus::prompt {
namespace {

using boost::json::value;

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Whether the word `in` stands at `at`, with a blank before and behind it.
bool stands_in(std::string_view text, std::size_t at) {
  return at + 4 < text.size() && blank(text[at]) && text.substr(at + 1, 2) == "in" && blank(text[at + 3]);
}

/// `for a, b in items`.
class For final : public Node {
 public:
  For(const Tag& tag, Nodes each, Nodes none) : tag_(tag), each_(std::move(each)), none_(std::move(none)) {
    auto rest = tag.rest();
    std::size_t end = 0;
    while (end < rest.size() && !stands_in(rest, end)) ++end;
    variables_ = split_at(rest.substr(0, end), ',');
    if (end == rest.size() || !std::all_of(variables_.begin(), variables_.end(), is_word)) tag.malformed();
    try {
      items_.emplace_back(trimmed(rest.substr(end + 4)));
    } catch (const Error& error) {
      tag.fail(error.message());
    }
  }

  void render(Scope& scope, std::string& out) const override {
    const auto all = items(scope);
    if (all.empty()) return prompt::render(none_, scope, out);
    const auto parent = scope.find("loop").value_or(nullptr);
    for (std::size_t i = 0; i < all.size(); ++i) {
      scope.push();
      bind(all[i], scope);
      scope.set("loop", boost::json::object{{"index", i},
                                            {"count", i + 1},
                                            {"length", all.size()},
                                            {"is_first", i == 0},
                                            {"is_last", i + 1 == all.size()},
                                            {"parent", parent}});
      prompt::render(each_, scope, out);
      scope.pop();
    }
  }

 private:
  /// Numbers and the like have none.
  std::vector<value> items(const Scope& scope) const {
    try {
      return elements(items_[0].eval(scope)).value_or(std::vector<value>{});
    } catch (const Error& error) {
      tag_.fail(error.message());
    }
  }
  void bind(const value& item, Scope& scope) const {
    if (variables_.size() == 1) return scope.set(variables_[0], item);
    const auto parts = elements(item);
    if (!parts) tag_.fail("Unpacking error.");
    for (std::size_t i = 0; i < std::min(parts->size(), variables_.size()); ++i)
      scope.set(variables_[i], (*parts)[i]);
  }

  const Tag tag_;
  const Nodes each_, none_;
  std::vector<std::string> variables_;
  std::vector<Expression> items_;  // one
};

}  // namespace

std::unique_ptr<Node> make_for(const Tag& tag, Nodes each, Nodes none) {
  return std::make_unique<For>(tag, std::move(each), std::move(none));
}

}  // namespace omnibus::prompt
