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
// one service share a name. Without a stable
// owner, the labels of workflow engines or the stable part of the name make the service, else the
// policy: never the name of one run. Characters that agents refuse become '_'; at most 128 bytes.
class ServiceName {
 public:
  ServiceName(const api::PodView& pod, const Workload& workload,
              const api::EffectivePolicy& policy);
  // The container's own name stands at the end of the ladder.
  std::string forContainer(std::string_view container) const;

 private:
  std::string name_;  // empty: the pod has none
};

// PYROSCOPE_LABELS without the container's own tag: at most 30 names in all, container and node
// included. Pod and node are $(NAME) references, since admission knows neither.
class Tags {
 public:
  Tags(const api::PodView& pod, const Workload& workload, const api::EffectivePolicy& policy,
       std::vector<Warning>& warnings);
  // `colons` false: for an agent that ends a name at the first colon, so that no value may have
  // one.
  std::string forContainer(std::string_view container, bool colons = true) const;

 private:
  void add(std::string name, std::string value, std::string_view source,
           std::vector<Warning>& warnings);

  std::vector<std::pair<std::string, std::string>> tags_;
};

}  // namespace profiling::inject
