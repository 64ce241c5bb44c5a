// The webhook's own path from a pod to the patched pod, with policies as JSON: the pod that the API
// server would have after our response. Fails a test whose admission works out a fact twice.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/inject/snapshot.h"
#include "webhooks/cluster_table.h"
#include "webhooks/mutate_pod.h"

namespace profiling::test {

// "registry.example/agent-LANGUAGE:1.0" for each language.
api::AgentImages agentImages();

class PodAdmission {
 public:
  // `objects` by their kind: policies, LimitRanges and ResourceQuotas of namespace "shop", cluster
  // policies, and Nodes.
  PodAdmission(const std::vector<nlohmann::json>& objects,
               const inject::NamespaceRecord& shop = {.name = "shop", .labels = {}, .inject = {}},
               bool native_sidecars = true);

  PodAdmission(const PodAdmission&) = delete;  // the mutator reports to it
  PodAdmission& operator=(const PodAdmission&) = delete;

  nlohmann::json admit(const nlohmann::json& pod);

  // The results of the last admission.
  const std::string& reason() const { return reason_; }
  bool observed() const { return observed_; }  // the policy only observes
  bool patched() const { return patched_; }
  bool warned() const { return warned_; }

 private:
  webhooks::ClusterTable cluster_;
  std::string reason_;
  bool observed_ = false;
  bool patched_ = false;
  bool warned_ = false;
  std::unique_ptr<webhooks::PodMutator> mutator_;
};

}  // namespace profiling::test
