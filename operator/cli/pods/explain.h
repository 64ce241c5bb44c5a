// The webhook's decision about a pod, computed offline. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/pods/manifest.h"
#include "operator/cli/pods/policy_inputs.h"
#include "operator/cli/table.h"

namespace profiling::cli {

struct ContainerExplanation {
  std::string name;
  std::vector<std::string> languages;  // "java 2.1.2"
  inject::Reason reason = inject::Reason::kInjected;
  std::string remedy;
  std::vector<std::string> skipped;  // "python: EnvValueFrom"
  std::string note;                  // on what admission cannot see; empty: nothing
};

struct Explanation {
  std::string title;  // "Deployment/web"
  bool injected = false;
  bool observed = false;  // the policy only observes; the pod stays unchanged
  bool refused = false;   // the pod asks for an agent and gets none
  inject::Reason reason = inject::Reason::kNoPolicy;
  std::string remedy;  // what the reason means and what to do
  std::string note;    // about agents that the pod carries already; empty: none
  std::string policy;  // "policy/shop"; empty if no policy matches
  std::string revision;
  std::vector<ContainerExplanation> containers;
  std::vector<std::string> warnings;
  nlohmann::json patched;  // the pod after the patch
};

// kInvalidArgument if the API server would refuse the pod.
Result<Explanation> explain(const std::string& title, const nlohmann::json& pod,
                            const std::string& namespace_, PolicyInputs& inputs);

std::vector<std::string> lines(const Explanation& explanation, const Style& style);
nlohmann::json toJson(const Explanation& explanation);

}  // namespace profiling::cli
