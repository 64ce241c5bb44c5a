// The pods of one workload, as input of decisions: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/pods/pod_facts.h"

namespace profiling::controllers {

// Pods of one group that are alike in everything that decides about them. Uid, age, restarts and
// failures are not part of it: they would make each pod its own class.
struct PodClass {
  std::string labels;  // "key\nvalue\n…", as labelsOf() reads them
  std::string api_version, owner_kind, owner_name, owner_uid;  // of the controlling owner
  std::optional<std::string> inject, policy;
  std::string decision;
  std::uint8_t flags = 0;
  std::int64_t count = 0;
  std::string example;  // the name of one of them
};
std::vector<api::KeyValueView> labelsOf(const PodClass& pods);

struct PodGroup {
  std::string namespace_, kind, name;  // of the workload, as far as a pod shows
  std::uint64_t generation = 0;        // changes with every change of its pods
  std::vector<PodClass> classes;
};

}  // namespace profiling::controllers
