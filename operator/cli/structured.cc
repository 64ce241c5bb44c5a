#include "operator/cli/structured.h"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "operator/base/text.h"
#include "operator/kube/json.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 64;

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

Json fromYaml(const YAML::Node& node, int depth) {
  if (depth > kDeepest) throw YAML::Exception(node.Mark(), "nested too deeply");
  switch (node.Type()) {
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const YAML::Node& item : node) list.push_back(fromYaml(item, depth + 1));
      return list;
    }
    case YAML::NodeType::Map: {
      Json object = Json::object();
      for (const auto& entry : node) {
        object[entry.first.as<std::string>()] = fromYaml(entry.second, depth + 1);
      }
      return object;
    }
    case YAML::NodeType::Scalar:
      break;
    default:
      return nullptr;
  }
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  if (YAML::convert<std::int64_t>::decode(node, number)) return number;
  return text;
}

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
    std::vector<Json> found;
    for (const YAML::Node& document : YAML::LoadAll(text)) {
      if (!document.IsNull()) found.push_back(fromYaml(document, 0));
    }
    return found;
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
