#include "controllers/workload/preflight.h"

#include <algorithm>

#include <simdjson.h>

#include "operator/api/json_access.h"
#include "operator/kube/text.h"
#include "webhooks/admission/pod_decoder.h"

namespace profiling::controllers {

using api::member;
using api::text;

Result<api::Preflight> runPreflight(kube::Client& client, const std::string& namespace_,
                                    const PreflightWanted& wanted,
                                    const inject::NamespaceState& state,
                                    const inject::Settings& settings, const std::stop_token& stop) {
  const auto object = client.get(kube::resources::kPods, namespace_, wanted.pod, stop);
  if (!object.ok()) return object.status();
  // A record keeps the answer for long: it must be about that pod.
  if (text(member(*object, "metadata", "name")) != wanted.pod) {
    return Status(Code::kInternal, "the answer is not pod '" + wanted.pod + "'");
  }
  const simdjson::padded_string json(kube::dumpJson(*object));
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(json).get(element) != simdjson::SUCCESS) {
    return Status(Code::kInternal, "pod '" + wanted.pod + "' is not JSON");
  }
  api::PodView pod;
  pod.namespace_ = namespace_;
  std::string problem;
  Status read = admission::readPodMetadata(element, pod);
  if (read.ok()) read = admission::readPodSpec(element, pod, problem);
  if (!read.ok()) return read;

  api::Preflight preflight;
  preflight.template_hash = wanted.template_hash;
  preflight.revision = wanted.policy->revision;
  const inject::Decision decision =
      inject::decide(pod, state.view(namespace_), state.policies, settings);
  if (!problem.empty()) {
    preflight.reason = inject::reasonName(inject::Reason::kMalformedPod);
    return preflight;
  }
  const inject::InjectionPlan plan = inject::planInjection(decision, pod, settings);
  preflight.reason = inject::reasonName(plan.reason);
  for (const inject::ContainerDecision& container : plan.decisions) {
    for (const api::Language language : container.languages) {
      if (std::find(preflight.languages.begin(), preflight.languages.end(), language) ==
          preflight.languages.end()) {
        preflight.languages.push_back(language);
      }
    }
  }
  return preflight;
}

}  // namespace profiling::controllers
