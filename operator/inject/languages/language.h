// What one language needs: one file and one row of the registry each. A row is data and a few small
// functions; merging env, naming and placing things is done once, in plan.cc and env.cc, and what
// other tools do beside an agent is in known_tools_rules.cc.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"
#include "operator/inject/env.h"
#include "operator/inject/tools/known_tools.h"

namespace profiling::inject {

// A variable of a container that makes the runtime load the agent. It may hold something already,
// so it is extended and never replaced.
struct MergeVariable {
  std::string_view name;
  std::string_view addition;  // also how an earlier injection is recognised
  char separator = ' ';
  bool prepend = false;
  // Whether an unresolved "$(NAME)", which stays literal, does no harm to the runtime. Then the
  // variable can refer to a value that a source of envFrom may or may not provide.
  bool self_reference = false;
  char other_separator = '\0';  // means the same to who reads it: kept where it is the one in use
  bool terminated = false;      // the separator stands after the last element, too
  std::string_view own =
      {};  // elements that begin so are ours: replaced where they are no longer right
};

// What hints at the language. A command is certain; names and images are likely.
struct Hints {
  std::span<const std::string_view> commands;       // base name of a word of command or args
  std::span<const std::string_view> file_suffixes;  // of such a word: ".jar"
  std::span<const std::string_view> env_names;      // exact
  std::span<const std::string_view> image_words;    // of the last part of the image's name
};

// Who may choose a language.
enum class Choice {
  kGuess,  // also nobody: inert unless its runtime starts, so it goes where nothing is known
  kHint,   // a hint suffices; not inert, because part of it meets every process
  kName,   // only who names it, in the policy or on the pod
};

struct NameValue {
  std::string name;
  std::string value;
};

// How a runtime of one container comes to its agent.
struct Attachment {
  Reason reason = Reason::kInjected;          // else why it does not
  std::vector<MergeVariable> variables = {};  // each has to be extended
  std::vector<NameValue> fixed = {};          // free, or ours from an earlier pass
};

struct LanguageRow {
  api::Language language;
  // The variable that carries the agent; what an earlier pass left is recognised by it. None of a
  // language that is scraped.
  MergeVariable variable = {};
  Hints hints = {};
  Choice choice = Choice::kGuess;
  // What its profiles carry as the tag pyroscope_spy; told of languages that are guessed.
  std::string_view spy = {};
  bool colon_ends_tag_name = false;  // in PYROSCOPE_LABELS: "k:v" before "k=v"
  bool needs_temp = false;           // unpacks a native library into the runtime's temp folder
  bool scraped = false;  // nothing goes into the process: it is asked from beside (pprof.h)
  // Where it takes more than `variable`; null: it does not.
  Attachment (*attach)(const Surroundings& where) = nullptr;
  // Variables besides the common ones, each set only when the container does not have it.
  std::vector<NameValue> (*settings)(const api::EffectivePolicy& policy,
                                     const api::ContainerView& container) = nullptr;
};

extern const LanguageRow kJavaRow;
extern const LanguageRow kPythonRow;
extern const LanguageRow kNodeRow;
extern const LanguageRow kDotNetRow;
extern const LanguageRow kRubyRow;
extern const LanguageRow kGoRow;
extern const LanguageRow kNativeRow;

// In the order of injection.
const std::array<const LanguageRow*, api::kLanguageCount>& languageRows();
const LanguageRow& languageRow(api::Language language);

// "15s" for Java (it knows no m and h), milliseconds for Node, whole seconds for .NET. 15 s when
// `duration` is not valid, which the CRD's schema rules out.
std::string javaDuration(std::string_view duration);
std::string milliseconds(std::string_view duration);
std::string wholeSeconds(std::string_view duration);
// Sampling period of a rate in Hz: "10ms", or microseconds where that is not whole.
std::string javaPeriod(std::int64_t hz);
std::string periodMicros(std::int64_t hz);

// True for "1", "true", "auto", …: set, and to something that does not say no.
bool switchedOn(const ContainerEnv& env, std::string_view name);
// True for "0" and "false": set, and to no.
bool switchedOff(const ContainerEnv& env, std::string_view name);

}  // namespace profiling::inject
