#include "operator/inject/languages/language_choice.h"

#include <algorithm>

#include "operator/base/str_cat.h"
#include "operator/inject/image_env.h"
#include "operator/inject/languages/detect.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

bool has(const std::vector<api::Language>& list, api::Language language) {
  return std::ranges::find(list, language) != list.end();
}

const api::DetectedLanguages* recordOf(const PodContext& ctx, const api::ContainerView& c) {
  if (ctx.reading.known == nullptr) return nullptr;
  const auto& detected = ctx.reading.known->detected;
  if (detected.empty()) return nullptr;
  const std::string hash = imageHash(c.image);
  const auto it = std::ranges::find_if(detected, [&](const api::DetectedLanguages& d) {
    return d.container == c.name && d.image_hash == hash;
  });
  if (it == detected.end()) return nullptr;
  // Profiles show the language of all versions; silence and crashes only concern their own.
  const bool holds = !it->languages.empty() || it->image_version == imageVersionHash(c.image);
  return holds ? &*it : nullptr;
}

bool isInjected(const PodContext& ctx, const LanguageRow& row, const ContainerEnv& env) {
  if (!row.scraped) {
    const api::EnvVarView* var = env.find(row.variable.name);
    return var != nullptr && holdsOurs(var->value, row.variable);
  }
  const auto& sidecar = ctx.reading.sidecar;
  return sidecar && sidecar->container->name == initContainerName(row.language) &&
         sidecar->target == env.container().name;
}

bool isScraped(api::Language language) {
  return languageRow(language).scraped;
}

// A process that serves pprof is scraped once, whatever its languages: as the one that an earlier
// pass injected, or as the first of the list.
void keepOneScraped(const PodContext& ctx, const ContainerEnv& env,
                    std::vector<api::Language>& all) {
  const auto injected = std::ranges::find_if(
      all, [&](api::Language l) { return isScraped(l) && isInjected(ctx, languageRow(l), env); });
  const auto kept = injected != all.end() ? injected : std::ranges::find_if(all, isScraped);
  if (kept == all.end()) return;
  const api::Language language = *kept;
  std::erase_if(all, [&](api::Language l) { return isScraped(l) && l != language; });
}

// What neither annotation nor policy names, from the strongest evidence to the weakest.
std::vector<api::Language> unnamedLanguages(const PodContext& ctx, const api::ContainerView& c,
                                            LanguageChoice& out) {
  LanguageHints hints = languageHints(c);
  if (hints.source == HintSource::kCommand) return hints.languages;
  const api::DetectedLanguages* record = recordOf(ctx, c);
  if (record != nullptr && !record->languages.empty()) return record->languages;
  out.certain = false;
  if (record != nullptr && record->crashed) {
    out.none = Reason::kGuessCrashed;
    return {};
  }
  std::vector<api::Language> languages = std::move(hints.languages);
  if (languages.empty() && hints.source == HintSource::kNone) {
    // An image that sets the runtime's variable has the runtime, as a pod that sets it.
    for (const LanguageRow* row : languageRows()) {
      if (!row->scraped && !imageEnv(ctx.reading.pod, row->variable.name, c.name).empty()) {
        languages.push_back(row->language);
      }
    }
  }
  const auto drop_silent = [&] {
    if (record != nullptr) std::erase_if(languages, [&](auto l) { return has(record->silent, l); });
  };
  drop_silent();
  if (!languages.empty()) return languages;
  out.none = Reason::kNothingToProfile;
  if (hints.source == HintSource::kKnownImage) return languages;
  for (const LanguageRow* row : languageRows()) {
    if (row->choice == Choice::kGuess) languages.push_back(row->language);
  }
  drop_silent();
  out.finds_language = !languages.empty();
  return languages;
}

}  // namespace

LanguageChoice chooseLanguages(const PodContext& ctx, const ContainerReading& container,
                               std::vector<Warning>& warnings) {
  LanguageChoice out;
  const ContainerEnv& env = container.env;
  const std::vector<api::Language>& allowed = ctx.policy.policy.spec.languages;
  const bool annotated = !ctx.decision.annotated_languages.empty();
  std::vector<api::Language> wanted = annotated ? ctx.decision.annotated_languages : allowed;
  const bool named = !wanted.empty();
  const bool serves =
      ctx.pprof && ctx.pprof->stated && ctx.pprof->container == env.container().name;
  if (!named) wanted = unnamedLanguages(ctx, env.container(), out);
  if (serves && !named) {
    // The process serves pprof: what an image's name leaves open is known.
    if (out.finds_language || wanted.empty()) wanted.clear();
    if (std::ranges::none_of(wanted, isScraped)) wanted.push_back(api::Language::kGo);
    out.finds_language = false;
  }
  if (out.finds_language && !ctx.finds_language && !container.carries_agent) {
    out.none = Reason::kAwaitingLanguage;
    wanted.clear();
  }

  for (const LanguageRow* row : languageRows()) {
    const bool injected = isInjected(ctx, *row, env);
    const bool asked = has(wanted, row->language) && (named || row->choice != Choice::kName);
    const bool refused = asked && annotated && !allowed.empty() && !has(allowed, row->language);
    if (refused && !injected) {
      warnings.push_back({strCat(api::kInjectKey, ": the policy ", ctx.decision.policyName(),
                                 " does not allow ", api::languageName(row->language))});
    }
    if ((asked && !refused) || injected) out.languages.push_back(row->language);
  }
  if (serves && named && !annotated && std::ranges::none_of(out.languages, isScraped)) {
    warnings.push_back({strCat(api::kPprofPortKey, ": the policy ", ctx.decision.policyName(),
                               " allows neither Go nor Native")});
  }
  keepOneScraped(ctx, env, out.languages);
  // Only agents whose profiles name them can be distinguished from silent ones.
  out.certain = out.certain || std::ranges::any_of(out.languages, [](api::Language l) {
                  return languageRow(l).spy.empty();
                });
  return out;
}

}  // namespace profiling::inject
