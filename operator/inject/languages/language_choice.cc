#include "operator/inject/languages/language_choice.h"

#include <algorithm>

#include "operator/inject/languages/detect.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/pod_checks.h"

namespace profiling::inject {
namespace {

std::vector<api::Language> detectedLanguages(const PodContext& ctx, const api::ContainerView& c) {
  if (ctx.decision.known == nullptr) return {};
  for (const api::DetectedLanguages& d : ctx.decision.known->detected) {
    if (d.container == c.name && d.image_hash == imageHash(c.image)) return d.languages;
  }
  return {};
}

bool isThere(const PodContext& ctx, const LanguageRow& row, const ContainerEnv& env) {
  if (!row.scraped) {
    const api::EnvVarView* var = env.find(row.variable.name);
    return var != nullptr && holdsOurs(var->value, row.variable);
  }
  const api::ContainerView* sidecar = ownSidecar(ctx.pod);
  return sidecar != nullptr && sidecar->name == initContainerName(row.language) &&
         containerOf(*sidecar) == env.container().name;
}

bool isScraped(api::Language language) {
  return languageRow(language).scraped;
}

// A process that serves pprof is asked once, whatever it is written in: as what it is already, or
// as the first of the list.
void oneIsScraped(const PodContext& ctx, const ContainerEnv& env, std::vector<api::Language>& all) {
  const auto there = std::find_if(all.begin(), all.end(), [&](api::Language l) {
    return isScraped(l) && isThere(ctx, languageRow(l), env);
  });
  const auto kept = there != all.end() ? there : std::find_if(all.begin(), all.end(), isScraped);
  if (kept == all.end()) return;
  const api::Language language = *kept;
  std::erase_if(all, [&](api::Language l) { return isScraped(l) && l != language; });
}

}  // namespace

std::vector<api::Language> chooseLanguages(const PodContext& ctx, const ContainerEnv& env,
                                           std::vector<Warning>& warnings, bool& guessed) {
  const std::vector<api::Language>& allowed = ctx.policy().policy.spec.languages;
  const auto has = [](const std::vector<api::Language>& list, api::Language l) {
    return std::find(list.begin(), list.end(), l) != list.end();
  };
  const bool annotated = !ctx.decision.annotated_languages.empty();
  std::vector<api::Language> wanted = ctx.decision.annotated_languages;
  if (!annotated) wanted = allowed;
  const bool named = !wanted.empty();
  if (!named) wanted = hintedLanguages(env.container());
  const bool serves = ctx.pprof && ctx.pprof->told && ctx.pprof->container == env.container().name;
  if (serves && !named) wanted.push_back(api::Language::kGo);
  if (wanted.empty()) wanted = detectedLanguages(ctx, env.container());
  guessed = wanted.empty();

  std::vector<api::Language> out;
  for (const LanguageRow* row : languageRows()) {
    const bool there = isThere(ctx, *row, env);
    const bool asked = guessed
                           ? row->choice == Choice::kGuess
                           : has(wanted, row->language) && (named || row->choice != Choice::kName);
    const bool refused = asked && annotated && !allowed.empty() && !has(allowed, row->language);
    if (refused && !there) {
      warnings.push_back({std::string(api::kInjectKey) + ": the policy " +
                          ctx.decision.policy_name + " does not allow " +
                          std::string(api::languageName(row->language))});
    }
    if ((asked && !refused) || there) out.push_back(row->language);
  }
  if (serves && named && !annotated && std::none_of(out.begin(), out.end(), isScraped)) {
    warnings.push_back({std::string(api::kPprofPortKey) + ": the policy " +
                        ctx.decision.policy_name + " allows neither Go nor Native"});
  }
  oneIsScraped(ctx, env, out);
  return out;
}

}  // namespace profiling::inject
