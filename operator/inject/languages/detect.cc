#include "operator/inject/languages/detect.h"

#include <algorithm>

#include "operator/base/encoding.h"
#include "operator/inject/fact_log.h"
#include "operator/inject/image_words.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxScannedBytes = 4096;  // of one argument: scripts may be huge

using Found = std::array<bool, api::kLanguageCount>;

bool contains(std::span<const std::string_view> list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// "python3.11" is "python3" to us.
std::string_view withoutVersion(std::string_view command) {
  const std::size_t dot = command.find('.');
  const bool versioned = dot != std::string_view::npos && dot + 1 < command.size() &&
                         command[dot + 1] >= '0' && command[dot + 1] <= '9';
  return versioned ? command.substr(0, dot) : command;
}

void scanWord(std::string_view word, Found& found) {
  if (word.empty() || word[0] == '-') return;
  const std::size_t slash = word.rfind('/');
  const std::string_view base = slash == std::string_view::npos ? word : word.substr(slash + 1);
  const std::string_view command = withoutVersion(base);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Hints& hints = languageRows()[i]->hints;
    if (contains(hints.commands, command)) found[i] = true;
    for (const std::string_view suffix : hints.file_suffixes) {
      if (base.size() > suffix.size() && base.ends_with(suffix)) found[i] = true;
    }
  }
}

// An argument may be a whole shell script.
void scanArgument(std::string_view argument, Found& found) {
  argument = argument.substr(0, kMaxScannedBytes);
  constexpr std::string_view kBreaks = " \t\r\n;&|()'\"`";
  while (!argument.empty()) {
    const std::size_t end = argument.find_first_of(kBreaks);
    scanWord(argument.substr(0, end), found);
    if (end == std::string_view::npos) break;
    argument.remove_prefix(end + 1);
  }
}

// Words of the image's own name: neither registry and folders nor tag and digest.
void scanImage(std::string_view image, Found& found) {
  image = nameAndTag(image);
  image = image.substr(0, image.find(':'));
  // A Prometheus exporter for machines, written in Go.
  if (image == "node-exporter" || image == "node_exporter") return;
  anyImageWord(image, [&](std::string_view word) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (contains(languageRows()[i]->hints.image_words, withoutNumber(word))) found[i] = true;
    }
    return false;  // all of them
  });
}

// Whether the value holds more than our additions. Adding ours must not change the answer, or a
// second pass would detect another language than the first; so an empty variable is no hint either.
bool saysSomething(const api::EnvVarView& var, const LanguageRow& row) {
  if (var.has_value_from) return true;
  if (var.name != row.variable.name) return !var.value.empty();
  std::string_view rest = var.value;
  while (true) {
    const std::size_t end = rest.find(row.variable.separator);
    const std::string_view part = rest.substr(0, end);
    const bool reference = part.size() == var.name.size() + 3 && part.starts_with("$(") &&
                           part.substr(2, var.name.size()) == var.name && part.ends_with(')');
    if (!part.empty() && part != row.variable.addition && part != kTempOption && !reference) {
      return true;
    }
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

std::vector<api::Language> listOf(const Found& found) {
  std::vector<api::Language> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) out.push_back(languageRows()[i]->language);
  }
  return out;
}

}  // namespace

std::vector<api::Language> hintedLanguages(const api::ContainerView& container) {
  Found found{};
  for (const std::string_view argument : container.command) scanArgument(argument, found);
  for (const std::string_view argument : container.args) scanArgument(argument, found);
  if (std::find(found.begin(), found.end(), true) != found.end()) return listOf(found);

  scanImage(container.image, found);
  for (const api::EnvVarView& var : container.env) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      const LanguageRow& row = *languageRows()[i];
      if (contains(row.hints.env_names, var.name) && saysSomething(var, row)) found[i] = true;
    }
  }
  return listOf(found);
}

std::string imageHash(std::string_view image) {
  FactLog::add(Fact::kImageHash, image.data());
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':'), slash = image.rfind('/');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return hexSha256(tagged ? image.substr(0, colon) : image).substr(0, 8);
}

}  // namespace profiling::inject
