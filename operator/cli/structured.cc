#include "operator/cli/structured.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "operator/base/hidden_text.h"
#include "operator/base/text.h"
#include "operator/kube/json.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

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

// Hidden characters of strings as escapes, which mean the same: `json` has only ASCII elsewhere, and
// YAML such strings in double quotes.
std::string withEscapes(std::string_view text, bool json) {
  std::string out;
  out.reserve(text.size());
  const auto escape = [&](char kind, std::size_t digits, std::uint32_t value) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    out += '\\';
    out += kind;
    for (std::size_t i = digits; i-- > 0;) out += kDigits[(value >> (4 * i)) & 0xFU];
  };
  while (!text.empty()) {
    const std::size_t n = std::max<std::size_t>(utf8Length(text), 1);
    const std::string_view character = text.substr(0, n);
    text.remove_prefix(n);
    if (n == 1 || !isHidden(character)) {
      out += character;
      continue;
    }
    std::uint32_t c = static_cast<unsigned char>(character[0]) & (0xFFU >> (n + 1));
    for (std::size_t i = 1; i < n; ++i) {
      c = (c << 6U) | (static_cast<unsigned char>(character[i]) & 0x3FU);
    }
    if (c < 0x10000) {
      escape('u', 4, c);
    } else if (json) {
      escape('u', 4, 0xD800 + ((c - 0x10000) >> 10U));
      escape('u', 4, 0xDC00 + ((c - 0x10000) & 0x3FFU));
    } else {
      escape('U', 8, c);
    }
  }
  return out;
}

}  // namespace

std::string render(const Json& value, Format format) {
  if (format != Format::kYaml) {
    return withEscapes(value.dump(4, ' ', false, Json::error_handler_t::replace), true) + "\n";
  }
  YAML::Emitter out;
  emit(out, value);
  return withEscapes(out.c_str(), false) + "\n";
}

Result<std::vector<Json>> parseDocuments(const std::string& text, std::size_t first_line,
                                         YamlBudget& budget) {
  // yaml-cpp does not read all JSON ("\ud83d\ude00"); YAML's flow style begins with '{' too.
  if (trim(text).starts_with('{')) {
    if (auto json = kube::parseJson(text); json.ok()) return std::vector<Json>{*std::move(json)};
  }
  return readYaml(text, first_line, budget);
}

Result<Json> parseDocument(const std::string& text) {
  YamlBudget budget;
  auto found = parseDocuments(text, 0, budget);
  if (!found.ok()) return found.status();
  if (found->size() == 1) return std::move(found->front());
  return Status(Code::kInvalidArgument,
                "must contain one document, contains " + std::to_string(found->size()));
}

}  // namespace profiling::cli
