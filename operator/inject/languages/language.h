// What one language needs: one file and one row of the registry each. A row is data and a few small
// functions. Env merging, names and placement are done once, in plan.cc and env.cc; rules about
// other tools beside an agent are in tools/known_tools_rules.cc.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/effective.h"
#include "operator/api/k8s/pod_view.h"
#include "operator/inject/env.h"

namespace profiling::inject {

// Hints at the language. A command is certain; names and images are likely.
struct Hints {
  std::span<const std::string_view> commands;       // base name of a program that is started
  std::span<const std::string_view> file_suffixes;  // of such a program: ".jar"
  std::span<const std::string_view> env_names;      // exact
  std::span<const std::string_view> image_words;    // of the last part of the image's name
};

// The least that it takes to choose a language.
enum class Choice {
  kGuess,  // nothing: the agent is inert unless its runtime starts, so it may be guessed
  kHint,   // a hint; the agent is not inert, because part of it meets every process
  kName,   // its name, in the policy or on the pod
};

struct NameValue {
  std::string name;
  std::string value;
};

// How the runtime of one container loads its agent.
struct Attachment {
  Reason reason = Reason::kInjected;          // else why it cannot
  std::vector<MergeVariable> variables = {};  // each has to be extended
  std::vector<NameValue> fixed = {};          // unset, or ours from an earlier pass
};

struct LanguageRow {
  api::Language language;
  // The variable that carries the agent, by which an earlier pass is recognised. None for a language
  // that is scraped.
  MergeVariable variable = {};
  // What the runtime needs in `variable` besides, so that profiles are right.
  std::span<const std::string_view> options = {};
  Hints hints = {};
  Choice choice = Choice::kGuess;
  // The tag pyroscope_spy of its profiles; set for languages that may be guessed.
  std::string_view spy = {};
  bool colon_ends_tag_name = false;  // in PYROSCOPE_LABELS: "k:v" before "k=v"
  bool needs_temp = false;           // unpacks a native library into the runtime's temp folder
  // What a copy of its files takes: as measured, rounded up.
  double copy_mebibytes = 0;
  // The runtime ignores a longer `variable`, unless the image names a version that reads more.
  std::size_t longest = 0;  // 0: no bound
  bool scraped = false;  // nothing goes into the process: its pprof endpoint is scraped (pprof.h)
  // Set where it takes more than `variable`.
  Attachment (*attach)(const ContainerContext& where) = nullptr;
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

}  // namespace profiling::inject
