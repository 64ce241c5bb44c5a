#include "operator/cli/structured.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "operator/base/text.h"
#include "operator/kube/json.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostValues = 500'000;

// Whether another YAML reader could take the plain text for something other than a string.
bool needsQuotes(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ";
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (text.empty() || kLetters.find(text.front()) == std::string_view::npos) return true;
  if (text.find_first_not_of(kPlain) != std::string::npos || text.back() == ' ') return true;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}) {
    if (lower == word) return true;
  }
  return false;
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    if (value.empty()) {
      out << YAML::Flow << YAML::BeginMap << YAML::EndMap;
      return;
    }
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) {
      out << YAML::Flow << YAML::BeginSeq << YAML::EndSeq;
      return;
    }
    out << YAML::BeginSeq;
    for (const Json& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (needsQuotes(text)) out << YAML::DoubleQuoted;
    out << text;
  } else {
    out << value.dump();
  }
}

// Builds JSON from the parser's events, within bounds: aliases repeat what they name, so a few lines
// could ask for gigabytes, and the parser (yaml-cpp 0.7) finds documents without end in some texts.
class JsonBuilder final : public YAML::EventHandler {
 public:
  // The documents so far, without empty ones.
  std::vector<Json>& documents() { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (last_start_ && *last_start_ == mark.pos) fail(mark, "unexpected text");
    last_start_ = mark.pos;
    anchors_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(mark, anchor, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) fail(mark, "an alias within what it names");
    count(mark, it->second.values);
    if (levels_.size() + it->second.depth > kDeepest) fail(mark, "nested too deeply");
    add(mark, Part(it->second));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    put(mark, anchor, scalar(tag, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Part {
    Json value;
    std::size_t values = 1;  // with those inside
    std::size_t depth = 1;
  };
  struct Level {
    Part part;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::optional<std::string> key = {};  // of a map, until its value comes
  };

  [[noreturn]] static void fail(const YAML::Mark& mark, const char* why) {
    throw YAML::Exception(mark, why);
  }

  static Json scalar(const std::string& tag, const std::string& text) {
    if (tag == "!") return text;  // quoted
    if (text == "true" || text == "false") return text == "true";
    std::int64_t number = 0;
    if (YAML::convert<std::int64_t>::decode(YAML::Node(text), number)) return number;
    return text;
  }

  void count(const YAML::Mark& mark, std::size_t values) {
    count_ += values;
    if (count_ > kMostValues)
      fail(mark, "more than 500000 values, aliases counted as what they name");
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Json value) {
    count(mark, 1);
    if (levels_.size() >= kDeepest) fail(mark, "nested too deeply");
    levels_.push_back({{std::move(value)}, anchor, mark});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor != 0) anchors_[level.anchor] = level.part;
    add(level.mark, std::move(level.part));
  }

  void put(const YAML::Mark& mark, YAML::anchor_t anchor, Json value) {
    count(mark, 1);
    Part part{std::move(value)};
    if (anchor != 0) anchors_[anchor] = part;
    add(mark, std::move(part));
  }

  // Into the map or list that is open, else as a document.
  void add(const YAML::Mark& mark, Part part) {
    if (levels_.empty()) {
      if (!part.value.is_null()) documents_.push_back(std::move(part.value));
      return;
    }
    Level& level = levels_.back();
    level.part.values += part.values;
    level.part.depth = std::max(level.part.depth, part.depth + 1);
    if (level.part.value.is_array()) {
      level.part.value.push_back(std::move(part.value));
    } else if (!level.key) {
      if (part.value.is_structured()) fail(mark, "a key must be a text");
      level.key = part.value.is_string() ? part.value.get<std::string>() : part.value.dump();
    } else {
      level.part.value[*level.key] = std::move(part.value);
      level.key.reset();
    }
  }

  std::vector<Json> documents_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Part> anchors_;
  std::size_t count_ = 0;
  std::optional<int> last_start_;
};

}  // namespace

std::string render(const Json& value, Format format) {
  if (format != Format::kYaml) {
    return value.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

Result<std::vector<Json>> parseDocuments(const std::string& text, std::size_t first_line) {
  // yaml-cpp does not read all JSON ("\ud83d\ude00"); YAML's flow style begins with '{' too.
  if (trim(text).starts_with('{')) {
    if (auto json = kube::parseJson(text); json.ok()) return std::vector<Json>{*std::move(json)};
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    JsonBuilder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    return std::move(builder.documents());
  } catch (const YAML::Exception& e) {
    const auto line = first_line + static_cast<std::size_t>(std::max(e.mark.line, 0)) + 1;
    return Status(Code::kInvalidArgument, "not YAML, line " + std::to_string(line) + ": " + e.msg);
  }
}

Result<Json> parseDocument(const std::string& text) {
  auto found = parseDocuments(text);
  if (!found.ok()) return found.status();
  if (found->size() == 1) return std::move(found->front());
  return Status(Code::kInvalidArgument,
                "must contain one document, contains " + std::to_string(found->size()));
}

}  // namespace profiling::cli
