#include "operator/inject/languages/language_choice.h"

#include <algorithm>

#include "operator/base/str_cat.h"
#include "operator/inject/languages/detect.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

bool has(const std::vector<api::Language>& list, api::Language language) {
  return std::ranges::find(list, language) != list.end();
}

std::vector<api::Language> detectedLanguages(const PodContext& ctx, const api::ContainerView& c,
                                             std::string_view image_hash) {
  if (ctx.reading.known == nullptr) return {};
  for (const api::DetectedLanguages& d : ctx.reading.known->detected) {
    if (d.container == c.name && d.image_hash == image_hash) return d.languages;
  }
  return {};
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

}  // namespace

LanguageChoice chooseLanguages(const PodContext& ctx, const ContainerEnv& env,
                               std::vector<Warning>& warnings) {
  LanguageChoice out;
  const std::vector<api::Language>& allowed = ctx.policy.policy.spec.languages;
  const bool annotated = !ctx.decision.annotated_languages.empty();
  std::vector<api::Language> wanted = annotated ? ctx.decision.annotated_languages : allowed;
  const bool named = !wanted.empty();
  if (!named) wanted = hintedLanguages(env.container());
  const bool serves =
      ctx.pprof && ctx.pprof->stated && ctx.pprof->container == env.container().name;
  if (serves && !named) wanted.push_back(api::Language::kGo);
  if (wanted.empty()) {
    out.image_hash = imageHash(env.container().image);
    wanted = detectedLanguages(ctx, env.container(), out.image_hash);
  }
  out.guessed = wanted.empty();

  for (const LanguageRow* row : languageRows()) {
    const bool injected = isInjected(ctx, *row, env);
    const bool asked = out.guessed
                           ? row->choice == Choice::kGuess
                           : has(wanted, row->language) && (named || row->choice != Choice::kName);
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
  return out;
}

}  // namespace profiling::inject
