#include "services/prompt/template/nodes.hpp"

#include <omnibus/error.hpp>

#include "services/prompt/template/split.hpp"

namespace omnibus::prompt {
namespace {

/// Runs `work`; what it refuses becomes an error that names the tag's place.
template <class Work>
auto located(const Tag& tag, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    tag.fail(error.message());
  }
}

std::vector<Expression> expressions(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

class Text final : public Node {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  void render(Scope&, std::string& out) const override { out += text_; }

 private:
  const std::string text_;
};

class Print final : public Node {
 public:
  explicit Print(const Tag& tag)
      : tag_(tag), choice_(located(tag, [&] { return expressions(split_choice(tag.text)); })) {
    if (choice_.empty()) any_ = located(tag, [&] { return expressions(split_at(tag.text, "or", "||")); });
  }
  void render(Scope& scope, std::string& out) const override {
    const auto text = located(tag_, [&] { return text_of(value(scope)); });
    out += tag_.kind == Tag::Kind::escaped_print ? escaped(text) : text;
  }

 private:
  Value value(const Scope& scope) const {
    if (!choice_.empty()) return choice_[truthy(choice_[0].eval(scope)) ? 1 : 2].eval(scope);
    Value out;
    for (const auto& each : any_) {
      out = each.eval(scope);
      if (truthy(out)) break;
    }
    return out;
  }

  const Tag tag_;
  const std::vector<Expression> choice_;  // test, then, else
  std::vector<Expression> any_;           // the first true one, else the last
};

class Cycle final : public Node {
 public:
  explicit Cycle(const Tag& tag)
      : tag_(tag), items_(located(tag, [text = tag.rest()] { return Expression(text); })) {}
  void render(Scope& scope, std::string& out) const override {
    auto& cycles = scope.cycles();
    auto found = cycles.find(this);
    if (found == cycles.end()) {
      auto items = located(tag_, [&] { return elements(items_.eval(scope)); });
      found = cycles.emplace(this, Scope::Cycle{std::move(items).value_or(std::vector<boost::json::value>{})})
                  .first;
    }
    auto& [items, next] = found->second;
    if (items.empty()) return;
    out += text_of(items[next]);
    next = (next + 1) % items.size();
  }

 private:
  const Tag tag_;
  const Expression items_;
};

class If final : public Node {
 public:
  If(const Tag& tag, Nodes then, Nodes otherwise)
      : tag_(tag),
        condition_(located(tag, [text = tag.rest()] { return Condition(text); })),
        then_(std::move(then)),
        otherwise_(std::move(otherwise)) {}
  void render(Scope& scope, std::string& out) const override {
    const bool holds = located(tag_, [&] { return condition_.holds(scope); });
    prompt::render(holds ? then_ : otherwise_, scope, out);
  }

 private:
  const Tag tag_;
  const Condition condition_;
  const Nodes then_, otherwise_;
};

class With final : public Node {
 public:
  With(const Tag& tag, Nodes inside) : tag_(tag), inside_(std::move(inside)) {
    for (const auto& piece : split_at(tag.rest(), '&')) {
      if (piece.empty()) continue;
      const auto sign = piece.find('=');
      if (sign == std::string::npos) tag.malformed();
      names_.emplace_back(trimmed(std::string_view(piece).substr(0, sign)));
      values_.push_back(
          located(tag, [&] { return Expression(trimmed(std::string_view(piece).substr(sign + 1))); }));
    }
  }
  void render(Scope& scope, std::string& out) const override {
    scope.push();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      scope.set(names_[i], located(tag_, [&] { return values_[i].eval(scope); }));
    }
    prompt::render(inside_, scope, out);
    scope.pop();
  }

 private:
  const Tag tag_;
  const Nodes inside_;
  std::vector<std::string> names_;
  std::vector<Expression> values_;
};

class Block final : public Node {
 public:
  Block(Tag tag, Nodes inside) : tag_(std::move(tag)), inside_(std::move(inside)) {}
  void render(Scope& scope, std::string& out) const override {
    std::string text;
    scope.push();
    prompt::render(inside_, scope, text);
    scope.pop();
    if (tag_.keyword() == "spaceless") text = text_of(find_filter("spaceless")(boost::json::value(text), {}));
    out += tag_.keyword() == "block" ? std::string_view(text) : trimmed(text);
  }

 private:
  const Tag tag_;
  const Nodes inside_;
};

}  // namespace

std::string_view Tag::keyword() const {
  const auto all = trimmed(text);
  return all.substr(0, all.find_first_of(" \t\n\r\f\v"));
}

std::string_view Tag::rest() const {
  const auto after = trimmed(trimmed(text).substr(keyword().size()));
  if (after.empty()) malformed();
  return after;
}

void Tag::fail(const std::string& reason) const {
  throw ConfigError("Template 'UNIDENTIFIED', line " + std::to_string(line) + ": " + reason);
}

void Tag::malformed() const { fail("Malformed '" + std::string(keyword()) + "' tag."); }

void render(const Nodes& nodes, Scope& scope, std::string& out) {
  for (const auto& node : nodes) node->render(scope, out);
}

std::unique_ptr<Node> make_text(std::string text) { return std::make_unique<Text>(std::move(text)); }
std::unique_ptr<Node> make_print(const Tag& tag) { return std::make_unique<Print>(tag); }
std::unique_ptr<Node> make_cycle(const Tag& tag) { return std::make_unique<Cycle>(tag); }
std::unique_ptr<Node> make_if(const Tag& tag, Nodes then, Nodes otherwise) {
  return std::make_unique<If>(tag, std::move(then), std::move(otherwise));
}
std::unique_ptr<Node> make_with(const Tag& tag, Nodes inside) {
  return std::make_unique<With>(tag, std::move(inside));
}
std::unique_ptr<Node> make_block(const Tag& tag, Nodes inside) {
  return std::make_unique<Block>(tag, std::move(inside));
}

}  // namespace omnibus::prompt
