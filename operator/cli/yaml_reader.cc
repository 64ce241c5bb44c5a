#include "operator/cli/yaml_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestInteger = 24;

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = utf8Length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

// A plain scalar as YAML 1.1 reads it, as kubectl does.
Json plain(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  const bool short_enough = text.size() <= kLongestInteger;
  if (short_enough && YAML::convert<std::int64_t>::decode(YAML::Node(text), number)) return number;
  return text;
}

// Builds JSON from the parser's events, so that a bound stops the parser at once.
class Builder final : public YAML::EventHandler {
 public:
  Builder(YamlBudget& budget, std::vector<Json>& out) : budget_(budget), out_(out) {}

  // yaml-cpp 0.7 finds documents without end in some texts, each where the last one began.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (last_start_ && *last_start_ == mark.pos) {
      throw YAML::ParserException(mark, "unexpected text");
    }
    last_start_ = mark.pos;
    open_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, Json(), {1, 0, 0});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!isUtf8(value)) throw YAML::ParserException(mark, "a scalar is not UTF-8");
    const bool text = tag == "!" || tag == "tag:yaml.org,2002:str" || isKeyNext();
    add(mark, anchor, text ? Json(value) : plain(value), {1, value.size(), 0});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) throw YAML::ParserException(mark, "an alias of what is still open");
    if (open_.size() + it->second.size.depth > kDeepest) tooDeep(mark);
    spend(mark, it->second.size);
    attach(mark, Json(it->second.value));
    grow(it->second.size);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    push(mark, anchor, Json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    push(mark, anchor, Json::object());
  }
  void OnSequenceEnd() override { pop(); }
  void OnMapEnd() override { pop(); }

 private:
  struct Size {
    std::size_t values = 0, bytes = 0, depth = 0;
  };
  struct Open {
    Json value;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    Size size;  // with everything inside, aliases replaced
    std::string key;
    bool has_key = false;
  };
  struct Anchor {
    Json value;
    Size size;
  };

  [[noreturn]] static void tooDeep(const YAML::Mark& mark) {
    throw YAML::ParserException(mark, strCat("nested deeper than ", kDeepest, " levels"));
  }
  bool isKeyNext() const {
    return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
  }

  void spend(const YAML::Mark& mark, const Size& size) {
    if (size.values > budget_.values || size.bytes > budget_.bytes) {
      const YamlBudget whole;
      throw YAML::ParserException(
          mark, strCat("with its aliases replaced, the input holds more than ", whole.values,
                       " values or ", whole.bytes >> 20U, " MiB of text"));
    }
    budget_.values -= size.values;
    budget_.bytes -= size.bytes;
  }

  void grow(const Size& inside) {
    if (open_.empty()) return;
    Size& size = open_.back().size;
    size.values += inside.values;
    size.bytes += inside.bytes;
    size.depth = std::max(size.depth, inside.depth + 1);
  }

  void push(const YAML::Mark& mark, YAML::anchor_t anchor, Json value) {
    if (open_.size() >= kDeepest) tooDeep(mark);
    spend(mark, {1, 0, 0});
    open_.push_back({std::move(value), anchor, mark, {1, 0, 1}, {}, false});
  }

  void pop() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) anchors_[done.anchor] = {done.value, done.size};
    attach(done.mark, std::move(done.value));
    grow(done.size);
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, const Size& size) {
    spend(mark, size);
    if (anchor != 0) anchors_[anchor] = {value, size};
    attach(mark, std::move(value));
    grow(size);
  }

  void attach(const YAML::Mark& mark, Json value) {
    if (open_.empty()) {
      if (!value.is_null()) out_.push_back(std::move(value));
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else if (!parent.has_key) {
      if (value.is_structured()) throw YAML::ParserException(mark, "a key must be a scalar");
      parent.key = value.is_string() ? value.get<std::string>() : value.dump();
      parent.has_key = true;
    } else {
      parent.value[parent.key] = std::move(value);
      parent.has_key = false;
    }
  }

  YamlBudget& budget_;
  std::vector<Json>& out_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::optional<int> last_start_;
};

}  // namespace

Result<std::vector<Json>> readYaml(const std::string& text, std::size_t first_line,
                                   YamlBudget& budget) {
  std::vector<Json> found;
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Builder builder(budget, found);
    while (parser.HandleNextDocument(builder)) {
    }
    return found;
  } catch (const YAML::Exception& e) {
    const auto line = first_line + static_cast<std::size_t>(std::max(e.mark.line, 0)) + 1;
    return Status(Code::kInvalidArgument, strCat("not YAML, line ", line, ": ", e.msg));
  }
}

}  // namespace profiling::cli
