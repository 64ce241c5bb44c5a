// What the webhook would do with a pod, and why: the webhook's own decision, asked offline. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/pods/knowledge.h"
#include "operator/cli/pods/manifest.h"
#include "operator/cli/table.h"

namespace profiling::cli {

struct ContainerExplanation {
  std::string name;
  std::vector<std::string> languages;  // "java 2.1.2"
  std::string reason, remedy;
  std::vector<std::string> skipped;  // "python: EnvValueFrom"
};

struct Explanation {
  std::string title;  // "Deployment/web"
  bool injected = false;
  bool observed = false;  // the policy only observes: the pod stays as it is
  bool refused = false;   // the pod asks for an agent and gets none
  std::string reason;     // of inject::Reason
  std::string remedy;     // what it means, and what to do
  std::string policy;     // "policy/shop"; empty: none decides
  std::string revision;
  std::vector<ContainerExplanation> containers;
  std::vector<std::string> warnings;
  nlohmann::json patched;  // the pod as it would start
};

// kInvalidArgument: it is no pod that the API server would take.
Result<Explanation> explain(const std::string& title, const nlohmann::json& pod,
                            const std::string& namespace_, Knowledge& knowledge);

std::vector<std::string> lines(const Explanation& explanation, const Style& style);
nlohmann::json toJson(const Explanation& explanation);

}  // namespace profiling::cli
