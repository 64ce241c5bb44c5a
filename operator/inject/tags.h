// What every profile of a pod carries: its service name and its tags.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/api/effective.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

// The ladder that the OpenTelemetry operator and grafana/k8s-monitoring-helm use, with our
// annotation and the policy's rule in front of it, so that pushed, scraped and eBPF profiles of
// one service share a name. Characters that agents refuse become '_'; at most 128 bytes.
std::string serviceName(const api::PodView& pod, const Workload& workload,
                        const api::EffectivePolicy& policy, std::string_view container);

// PYROSCOPE_LABELS without the container's own tag: at most 30 names in all, container and node
// included. Pod and node are $(NAME) references, since neither is known at admission.
class Tags {
 public:
  Tags(const api::PodView& pod, const Workload& workload, const api::EffectivePolicy& policy,
       std::vector<Warning>& warnings);
  // `colons` false: for an agent that ends a name at the first of them, so that none may be in a
  // value.
  std::string forContainer(std::string_view container, bool colons = true) const;

 private:
  void add(std::string name, std::string value, std::string_view source,
           std::vector<Warning>& warnings);

  std::vector<std::pair<std::string, std::string>> tags_;
};

}  // namespace profiling::inject
