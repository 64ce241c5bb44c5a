// Other tools in pods, and how injection coexists with each of them: one table. A rule has the marks
// of a tool, the language that it concerns and the answer.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/env.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

enum class Sign {
  kNone,
  kAgentOption,    // -javaagent: or -agentpath: with the text, in options, command or args
  kOption,         // any word with the text in those places
  kPreload,        // --require or --import of the text, in NODE_OPTIONS, command or args
  kVariable,       // the variable is set
  kSwitchedOn,     // the variable is set and does not say no
  kLibrary,        // LD_PRELOAD has the text
  kAnnotation,     // of the pod, by key; "false" does not count
  kLabel,          // of the pod, by key
  kInitContainer,  // by name
  kNodeFlag,       // the word, or the word and a value, in NODE_OPTIONS, command or args
  kVersion,        // the runtime's version is one without an agent, as far as anything states it
  kImageWord,      // of the image's name or tag, between - _ . : and digits
};
struct Mark {
  Sign sign = Sign::kNone;
  std::string_view text;
};

enum class Answer {
  kAllow,      // the two do not interfere
  kOrder,      // theirs stands first, ours is appended
  kOtherSlot,  // theirs is the classic CLR slot, ours the list beside it
  kWarn,       // injected, with the tool's text as warning
  kRefuse,     // for `reason`
};

struct ToolRule {
  std::string_view tool;
  api::Language language;
  std::span<const Mark> marks;  // any of them
  Mark also = {};               // and this
  Mark unless = {};             // but not this
  Answer answer = Answer::kAllow;
  Reason reason = Reason::kInjected;
};

std::span<const ToolRule> toolRules();

bool isSeen(const ToolRule& rule, const ContainerContext& where);
// The first rule of the language that has this answer and whose tool is seen; null: none.
const ToolRule* findRule(api::Language language, Answer answer, const ContainerContext& where);

}  // namespace profiling::inject
