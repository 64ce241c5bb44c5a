#include "operator/inject/tools/known_tools.h"

#include <algorithm>

#include "operator/base/text.h"
#include "operator/inject/image_words.h"
#include "operator/inject/tools/runtime_version.h"

namespace profiling::inject {
namespace {

// Variables that hold options for a JVM.
constexpr std::string_view kOptionVariables[] = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
                                                 "_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS"};
constexpr std::string_view kOwnFolder = "/profiling-agent/";

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Whether fits(word, the word before it) for a word of options in `variables`, command or args that
// has `part`. A text without it is not split, since scripts may be long.
template <class Fits>
bool anyWord(std::span<const std::string_view> variables, std::string_view part,
             const ContainerContext& where, Fits fits) {
  const auto scan = [&](std::string_view text) {
    if (!has(text, part)) return false;
    std::string_view before;
    for (const std::string_view word : split(text, ' ')) {
      if (has(word, part) && fits(word, before)) return true;
      before = word;
    }
    return false;
  };
  for (const std::string_view name : variables) {
    const api::EnvVarView* var = where.env.find(name);
    if (var != nullptr && scan(var->value)) return true;
  }
  for (const auto* words : {&where.container().command, &where.container().args}) {
    std::string_view before;
    for (const std::string_view word : *words) {
      if ((has(word, part) && fits(word, before)) || scan(word)) return true;
      before = word;
    }
  }
  return false;
}

bool isAgentOption(std::string_view word) {
  return (word.starts_with("-javaagent:") || word.starts_with("-agentpath:")) &&
         !has(word, kOwnFolder);
}

bool isPreload(std::string_view word, std::string_view before) {
  if (has(word, kOwnFolder)) return false;
  return word.starts_with("--require=") || word.starts_with("--import=") || before == "-r" ||
         before == "--require" || before == "--import";
}

bool hasImageWord(std::string_view image, std::string_view wanted) {
  return anyImageWord(nameAndTag(image),
                      [wanted](std::string_view word) { return withoutNumber(word) == wanted; });
}

bool isSeen(const Mark& mark, api::Language language, const ContainerContext& where) {
  static constexpr std::string_view kNodeOptions[] = {"NODE_OPTIONS"};
  switch (mark.sign) {
    case Sign::kNone:
      return false;
    case Sign::kAgentOption:
      return anyWord(kOptionVariables, mark.text, where,
                     [](std::string_view word, std::string_view) { return isAgentOption(word); });
    case Sign::kOption:
      return anyWord(kOptionVariables, mark.text, where,
                     [](std::string_view word, std::string_view) { return word.starts_with('-'); });
    case Sign::kPreload:
      return anyWord(kNodeOptions, mark.text, where, isPreload);
    case Sign::kNodeFlag:
      return anyWord(kNodeOptions, mark.text, where, [&](std::string_view word, std::string_view) {
        return word.starts_with(mark.text) &&
               (word.size() == mark.text.size() || word[mark.text.size()] == '=');
      });
    case Sign::kVersion:
      return isUnsupportedVersion(language, where.env);
    case Sign::kVariable:
      return where.env.find(mark.text) != nullptr;
    case Sign::kSwitchedOn:
      return where.env.switchedOn(mark.text);
    case Sign::kLibrary: {
      const api::EnvVarView* preload = where.env.find("LD_PRELOAD");
      return preload != nullptr && has(preload->value, mark.text);
    }
    case Sign::kAnnotation: {
      const auto value = where.pod.annotation(mark.text);
      return value && *value != "false";
    }
    case Sign::kLabel:
      return where.pod.label(mark.text).has_value();
    case Sign::kInitContainer:
      return std::any_of(where.pod.init_containers.begin(), where.pod.init_containers.end(),
                         [&](const api::ContainerView& c) { return c.name == mark.text; });
    case Sign::kImageWord:
      return hasImageWord(where.container().image, mark.text);
  }
  return false;
}

}  // namespace

bool isSeen(const ToolRule& rule, const ContainerContext& where) {
  if (rule.also.sign != Sign::kNone && !isSeen(rule.also, rule.language, where)) return false;
  if (rule.unless.sign != Sign::kNone && isSeen(rule.unless, rule.language, where)) return false;
  return std::any_of(rule.marks.begin(), rule.marks.end(),
                     [&](const Mark& mark) { return isSeen(mark, rule.language, where); });
}

const ToolRule* findRule(api::Language language, Answer answer, const ContainerContext& where) {
  for (const ToolRule& rule : toolRules()) {
    if (rule.language == language && rule.answer == answer && isSeen(rule, where)) return &rule;
  }
  return nullptr;
}

}  // namespace profiling::inject
