#include "operator/cli/pods/explain.h"

#include <algorithm>

#include "operator/api/k8s/pod_decoder.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/inject/decide_pod.h"
#include "operator/inject/decision_json.h"
#include "operator/inject/image_env.h"
#include "operator/inject/names.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

class Manifest final : public inject::PodSource {
 public:
  Status parse(const Json& pod) {
    return json_.parse(pod.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  Status decodeMetadata(api::PodView& pod) override { return json_.readMetadata(pod); }
  Status decodeSpec(api::PodView& pod, std::string& problem) override {
    return json_.readSpec(pod, problem);
  }

 private:
  api::PodJson json_;
};

std::string wordOf(inject::Reason reason) {
  return std::string(inject::reasonName(reason));
}

ContainerExplanation containerOf(const inject::ContainerDecision& c,
                                 const api::AgentImages& agents) {
  ContainerExplanation out;
  out.name = printable(c.container, 253);
  for (const api::Language language : c.languages) {
    out.languages.push_back(inject::agentName(
        api::languageToken(language), agents.at(static_cast<std::size_t>(language)).version));
  }
  out.reason = c.reason;
  if (!c.injected()) out.remedy = std::string(inject::remedyText(c.reason));
  for (const inject::SkippedLanguage& s : c.skipped) {
    out.skipped.push_back(strCat(api::languageToken(s.language), ": ", inject::reasonName(s.reason),
                                 s.detail.empty() ? "" : ": ", s.detail));
  }
  if (!c.hidden.empty()) {
    out.note =
        strCat("replaces ", join(std::vector<std::string>(c.hidden.begin(), c.hidden.end()), ", "),
               " of the image, if it sets any, which cannot be seen here: state the image's "
               "value in ",
               inject::kImageEnvPrefix, c.hidden.front());
  }
  if (c.finds_language) {
    out.note += strCat(out.note.empty() ? "" : "; ",
                       "nothing says which language it runs: one pod at a time gets these agents, "
                       "until their profiles show it");
  }
  return out;
}

// A copy that kubectl debug makes keeps containers and annotations, but no label.
std::string carriedNote(const api::PodView& pod) {
  const auto agent = [](const api::ContainerView& c) {
    return c.name.starts_with(inject::kInitContainerPrefix);
  };
  const bool carries =
      std::ranges::any_of(pod.init_containers, agent) || std::ranges::any_of(pod.containers, agent);
  if (!carries) return {};
  return strCat("the pod carries agents already, which run and send profiles; ",
                pod.label(api::kProfiledKey)
                    ? "they stay until its next start"
                    : "without the label profiling.dev/profiled, as in a copy by kubectl debug, it "
                      "counts in no policy");
}

}  // namespace

Result<Explanation> explain(const std::string& title, const Json& pod,
                            const std::string& namespace_, PolicyInputs& inputs) {
  Manifest manifest;
  if (Status read = manifest.parse(pod); !read.ok()) return read;
  api::PodView view;
  view.namespace_ = namespace_;
  const bool dry_run = true;
  const auto outcome =
      inject::decidePod(manifest, view, dry_run, *inputs.snapshot(), inputs.settings(),
                        &inputs.assignments(), &inputs.cluster());
  if (!outcome.ok()) return Status(Code::kInvalidArgument, outcome.status().message());

  Explanation out;
  out.title = title;
  out.reason = outcome->reason;
  out.remedy = std::string(inject::remedyText(outcome->reason));
  out.observed = outcome->mode == api::PolicyMode::kObserve;
  const inject::Decision& decision = outcome->decision;
  if (!decision.policyName().empty()) {
    out.policy = decision.byClusterPolicy() ? "clusterpolicy/" : "policy/";
    out.policy += decision.policyName();
  }
  const auto& policy =
      outcome->assigned.policy != nullptr ? outcome->assigned.policy : decision.chosen;
  if (policy != nullptr) out.revision = policy->revision;
  if (policy != nullptr && outcome->reason == inject::Reason::kServerUnavailable) {
    out.remedy = printable(policy->server_problem, 400);
  }
  for (const inject::ContainerDecision& c : outcome->plan.decisions) {
    const bool own = policy != nullptr && !policy->agents.front().image.empty();
    out.containers.push_back(containerOf(c, own ? policy->agents : inputs.settings().agents));
    out.injected = out.injected || c.injected();
  }
  if (!out.injected) {
    api::PodView whole;
    std::string problem;
    const bool read =
        manifest.decodeMetadata(whole).ok() && manifest.decodeSpec(whole, problem).ok();
    if (read && problem.empty()) out.note = carriedNote(whole);
  }
  out.warnings = outcome->warnings;
  if (out.observed) {
    for (const inject::Warning& w : outcome->plan.warnings) out.warnings.push_back(w.text);
  }
  out.patched = outcome->patch.empty() ? pod : pod.patch(Json::parse(outcome->patch));
  out.injected = out.injected && !out.observed;
  out.refused = decision.opted_in && !out.injected && !out.observed;
  return out;
}

std::vector<std::string> lines(const Explanation& e, const Style& style) {
  std::vector<std::string> out;
  const Tone tone = e.injected ? Tone::kGood : Tone::kBusy;
  const char* verdict = e.injected   ? "gets an agent"
                        : e.observed ? "is only observed and stays unchanged"
                                     : "gets no agent";
  out.push_back(e.title + " " + coloured(verdict, tone, style) + ": " + wordOf(e.reason));
  if (!e.injected || e.reason != inject::Reason::kInjected) out.push_back("  " + e.remedy);
  if (!e.policy.empty()) {
    out.push_back("  " + e.policy + (e.revision.empty() ? "" : ", revision " + e.revision));
  }
  if (!e.note.empty()) out.push_back("  " + e.note);
  for (const ContainerExplanation& c : e.containers) {
    std::string line = strCat("  container ", c.name, ": ", join(c.languages, ", "));
    if (c.languages.empty() || c.reason != inject::Reason::kInjected) {
      line += (c.languages.empty() ? "" : " ") + wordOf(c.reason);
      if (!c.remedy.empty()) line += " (" + c.remedy + ")";
    }
    out.push_back(std::move(line));
    if (!c.note.empty()) out.push_back("    " + c.note);
    for (const std::string& skipped : c.skipped) out.push_back("    skipped " + skipped);
  }
  for (const std::string& warning : e.warnings) {
    if (warning.find(": " + wordOf(e.reason) + ".") != std::string::npos)
      continue;  // printed above
    out.push_back("  " + coloured("warning", Tone::kAlarm, style) + ": " + warning);
  }
  return out;
}

Json toJson(const Explanation& e) {
  Json containers = Json::array();
  for (const ContainerExplanation& c : e.containers) {
    Json item = {{"name", c.name}, {"reason", inject::reasonName(c.reason)}};
    if (!c.languages.empty()) item["agents"] = c.languages;
    if (!c.remedy.empty()) item["remedy"] = c.remedy;
    if (!c.skipped.empty()) item["skipped"] = c.skipped;
    if (!c.note.empty()) item["note"] = c.note;
    containers.push_back(std::move(item));
  }
  Json out = {{"object", e.title},
              {"injected", e.injected},
              {"reason", inject::reasonName(e.reason)},
              {"remedy", e.remedy},
              {"containers", std::move(containers)}};
  if (e.observed) out["observed"] = true;
  if (!e.note.empty()) out["note"] = e.note;
  if (!e.policy.empty()) out["policy"] = e.policy;
  if (!e.revision.empty()) out["revision"] = e.revision;
  if (!e.warnings.empty()) out["warnings"] = e.warnings;
  return out;
}

}  // namespace profiling::cli
