#include "services/prompt/template/template.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace omnibus::prompt {
namespace {

constexpr int max_depth = 64;

struct Mark {
  std::string_view open, close, name;
  std::optional<Tag::Kind> kind;  // none: a comment
};
constexpr std::array marks{
    Mark{"{#", "#}", "comment", std::nullopt},
    Mark{"{$", "$}", "escaped-print", Tag::Kind::escaped_print},
    Mark{"{{", "}}", "print", Tag::Kind::print},
    Mark{"{%", "%}", "instruction", Tag::Kind::instruction},
};

const Mark* mark_at(std::string_view text) {
  for (const auto& mark : marks) {
    if (text.starts_with(mark.open)) return &mark;
  }
  return nullptr;
}

std::vector<Tag> tags_of(std::string_view text) {
  std::vector<Tag> out;
  int line = 1;
  while (!text.empty()) {
    std::size_t end = 0;
    if (const auto* mark = mark_at(text)) {
      const auto close = text.find(mark->close, mark->open.size());
      if (close == std::string_view::npos) {
        Tag{.line = line}.fail("Unclosed " + std::string(mark->name) + " tag.");
      }
      const auto inside = text.substr(mark->open.size(), close - mark->open.size());
      if (mark->kind) out.push_back({*mark->kind, std::string(trimmed(inside)), line});
      end = close + mark->close.size();
    } else {
      while (end < text.size() && mark_at(text.substr(end)) == nullptr) ++end;
      out.push_back({Tag::Kind::text, std::string(text.substr(0, end)), line});
    }
    line += static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    text.remove_prefix(end);
  }
  return out;
}

constexpr std::array blocks{"if", "for", "with", "trim", "spaceless", "block"};

/// Makes nodes of tags, block by block.
class Parser {
 public:
  explicit Parser(std::vector<Tag> tags) : tags_(std::move(tags)) {}

  Nodes all() {
    auto out = until(nullptr, {});
    if (at_ < tags_.size()) {
      tags_[at_].fail("Unexpected '" + std::string(tags_[at_].keyword()) + "' tag.");
    }
    return out;
  }

 private:
  using Words = std::initializer_list<std::string_view>;

  /// Nodes up to the tag that ends `block`, or that one of `dividers` names; at_ stands on it then.
  Nodes until(const Tag* block, Words dividers) {
    Nodes out;
    for (; at_ < tags_.size(); ++at_) {
      const auto& tag = tags_[at_];
      if (tag.kind == Tag::Kind::text) {
        out.push_back(make_text(tag.text));
      } else if (tag.kind != Tag::Kind::instruction) {
        out.push_back(make_print(tag));
      } else if (ends(tag, block) ||
                 std::find(dividers.begin(), dividers.end(), tag.keyword()) != dividers.end()) {
        return out;
      } else if (auto node = instruction(tag)) {
        out.push_back(std::move(node));
      }
    }
    if (block == nullptr) return out;
    block->fail("Unexpected end of template, 'end" + std::string(block->keyword()) + "' is missing.");
  }

  static bool ends(const Tag& tag, const Tag* block) {
    const auto word = tag.keyword();
    if (!word.starts_with("end") || std::find(blocks.begin(), blocks.end(), word.substr(3)) == blocks.end()) {
      return false;
    }
    if (block != nullptr && word.substr(3) != block->keyword()) {
      tag.fail("Unexpected '" + std::string(word) + "' tag, 'end" + std::string(block->keyword()) +
               "' comes first.");
    }
    return true;
  }

  /// Nothing for a divider that divides nothing.
  std::unique_ptr<Node> instruction(const Tag& tag) {
    const auto word = tag.keyword();
    if (word == "cycle") return make_cycle(tag);
    if (word == "else" || word == "elif" || word == "empty") return nullptr;
    if (std::find(blocks.begin(), blocks.end(), word) == blocks.end()) {
      tag.fail(word.empty() ? "Empty instruction tag."
                            : "Unrecognised instruction tag '" + std::string(word) + "'.");
    }
    if (++depth_ > max_depth) tag.fail("Blocks within blocks, too deep.");
    ++at_;
    auto out = block(tag);
    --depth_;
    return out;
  }

  /// What is wrong with the tag itself is told before what is missing behind it.
  static void check(const Tag& tag) {
    if (tag.keyword() == "if") make_if(tag, {}, {});
    if (tag.keyword() == "for") make_for(tag, {}, {});
    if (tag.keyword() == "with") make_with(tag, {});
  }

  std::unique_ptr<Node> block(const Tag& tag) {
    check(tag);
    if (tag.keyword() == "if") return choice(tag, tag);
    if (tag.keyword() == "for") {
      auto each = until(&tag, {"empty"});
      return make_for(tag, std::move(each), rest(tag));
    }
    auto inside = until(&tag, {});
    return tag.keyword() == "with" ? make_with(tag, std::move(inside)) : make_block(tag, std::move(inside));
  }

  /// `tag` is the `if` or `elif` whose condition it is, `block` the `if` that is to be ended.
  std::unique_ptr<Node> choice(const Tag& tag, const Tag& block) {
    auto then = until(&block, {"elif", "else"});
    const auto& divider = tags_[at_];
    if (divider.keyword() != "elif") return make_if(tag, std::move(then), rest(block));
    if (++depth_ > 4 * max_depth) tag.fail("Too many 'elif' tags.");
    ++at_;
    Nodes otherwise;
    otherwise.push_back(choice(divider, block));
    --depth_;
    return make_if(tag, std::move(then), std::move(otherwise));
  }

  /// What follows a divider, up to the block's end; nothing when at_ is there already.
  Nodes rest(const Tag& block) {
    if (ends(tags_[at_], &block)) return {};
    ++at_;
    return until(&block, {});
  }

  const std::vector<Tag> tags_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Template::Template(std::string_view text)
    : nodes_(std::make_shared<const Nodes>(Parser(tags_of(text)).all())) {}

std::string Template::render(const boost::json::object& terms) const {
  Scope scope(terms);
  std::string out;
  prompt::render(*nodes_, scope, out);
  return out;
}

}  // namespace omnibus::prompt
