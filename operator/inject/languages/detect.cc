#include "operator/inject/languages/detect.h"

#include <algorithm>

#include "operator/base/encoding.h"
#include "operator/inject/fact_log.h"
#include "operator/inject/image_words.h"
#include "operator/inject/languages/commands.h"
#include "operator/inject/languages/known_images.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

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

void scanProgram(std::string_view program, Found& found) {
  const std::string_view base = program.substr(program.rfind('/') + 1);  // npos + 1 is 0
  const std::string_view command = withoutVersion(base);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Hints& hints = languageRows()[i]->hints;
    if (contains(hints.commands, command)) found[i] = true;
    for (const std::string_view suffix : hints.file_suffixes) {
      if (base.size() > suffix.size() && base.ends_with(suffix)) found[i] = true;
    }
  }
}

// A line of a script that only looks at a runtime or runs a snippet: "java -version", "node -p …".
bool isProbe(const StartedProgram& program) {
  constexpr std::array<std::string_view, 8> kProbes{"-version", "--version", "version", "-v",
                                                    "-V",       "-c",        "-e",      "-p"};
  return program.in_script && !program.replaces && contains(kProbes, program.first_arg);
}

bool any(const Found& found) {
  return std::find(found.begin(), found.end(), true) != found.end();
}

// What a script runs before it replaces itself by exec is preparation.
Found commandsOf(const api::ContainerView& container) {
  Found found{}, replacing{};
  eachStartedProgram(container, [&](const StartedProgram& program) {
    if (isProbe(program)) return;
    Found here{};
    scanProgram(program.name, here);
    if (program.replaces && !any(here)) found = {};
    Found& into = program.replaces ? replacing : found;
    for (std::size_t i = 0; i < here.size(); ++i) into[i] = into[i] || here[i];
  });
  return any(replacing) ? replacing : found;
}

// A last word that says that the program serves what the words before it name.
constexpr std::array<std::string_view, 36> kRoles{
    "adapter",   "agent",           "attacher",    "autoscaler", "builder",   "buildpack",
    "cli",       "client",          "collector",   "controller", "csi",       "daemon",
    "discovery", "driver",          "exporter",    "gateway",    "init",      "injector",
    "installer", "instrumentation", "manager",     "metrics",    "monitor",   "operator",
    "plugin",    "probe",           "provisioner", "proxy",      "registrar", "reloader",
    "runner",    "sidecar",         "syncer",      "tools",      "updater",   "webhook"};
// Kubernetes, blockchains and Selenium call other things nodes: the word is the runtime alone, or
// before one of these.
constexpr std::array<std::string_view, 14> kBehindNode{
    "alpine", "api", "app",    "backend", "bookworm", "express", "frontend",
    "js",     "run", "server", "service", "slim",     "web",     "worker"};

bool hasRole(std::string_view name) {
  const std::size_t last = name.find_last_of("-_.");
  return last != std::string_view::npos && contains(kRoles, name.substr(last + 1));
}

// Words of the image's own name: neither registry and folders nor tag and digest.
void scanImage(std::string_view image, Found& found) {
  image = nameAndTag(image);
  image = image.substr(0, image.find(':'));
  if (hasRole(image)) return;
  std::vector<std::string_view> words;
  anyImageWord(image, [&](std::string_view word) {
    words.push_back(withoutNumber(word));
    return false;  // all of them
  });
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool named = at + 1 < words.size() ? contains(kBehindNode, words[at + 1]) : at == 0;
    if (words[at] == "node" && !named) continue;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (contains(languageRows()[i]->hints.image_words, words[at])) found[i] = true;
    }
  }
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
    if (!part.empty() && part != row.variable.addition && part != kTempOption && !reference &&
        !contains(row.options, part)) {
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

LanguageHints languageHints(const api::ContainerView& container) {
  Found found = commandsOf(container);
  if (any(found)) return {listOf(found), HintSource::kCommand};
  if (const KnownImage* known = findKnownImage(container.image)) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i] = (known->runtimes & runs(static_cast<api::Language>(i))) != 0;
    }
    return {listOf(found), HintSource::kKnownImage};
  }
  scanImage(container.image, found);
  for (const api::EnvVarView& var : container.env) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      const LanguageRow& row = *languageRows()[i];
      if (contains(row.hints.env_names, var.name) && saysSomething(var, row)) found[i] = true;
    }
  }
  return {listOf(found), any(found) ? HintSource::kWords : HintSource::kNone};
}

std::string imageHash(std::string_view image) {
  FactLog::add(Fact::kImageHash, image.data());
  return hexSha256(withoutTag(image)).substr(0, 8);
}

std::string imageVersionHash(std::string_view image) {
  return hexSha256(image).substr(0, 8);
}

}  // namespace profiling::inject
