// What is known of the pods of one workload: plain values, as decisions take them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"

namespace profiling::controllers {

enum PodFlag : std::uint8_t {
  kPodDeleting = 1,
  kPodReady = 2,
  kPodFinished = 4,  // Succeeded or Failed
  kPodMirror = 8,    // of a static pod
  kPodCritical = 16  // priority class system-node-critical or system-cluster-critical
};

// Why a container does not run, or ended last time.
struct FailureView {
  std::string_view container;
  bool init = false;
  std::optional<std::int64_t> exit_code;  // absent: it waits
  std::string_view reason, message;
  std::string_view image = {};  // digest; empty: unknown
};
// Whether a container is one that the webhook has added.
bool isOurs(bool init, std::string_view container);

// One pod as it is decoded: views into its JSON.
struct PodFacts {
  std::string_view namespace_, name;
  std::vector<api::KeyValueView> labels;
  std::optional<std::string_view> inject, policy;  // the annotations of those names
  std::string_view decision;                       // annotation profiling.dev/decision
  std::optional<api::OwnerView> owner;             // the one with controller: true
  std::uint8_t flags = 0;
  std::string_view uid;
  std::uint32_t created = 0;  // seconds since 1970; 0: unknown
  std::int64_t restarts = 0;  // of all containers
  std::optional<FailureView> failure;
  std::vector<std::string_view> images;  // digests of its containers' images, ours left out
};

// Pods of one group that are alike in all that decides about them. What only tells them apart (uid,
// age, restarts, failures) is not part of it: a class for each pod would be of no use.
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
  std::string namespace_, kind, name;  // of the workload, as far as a pod tells
  std::uint64_t generation = 0;        // changes with every change of its pods
  std::vector<PodClass> classes;
};

// "namespace/Kind/name".
std::string groupKey(std::string_view namespace_, std::string_view kind, std::string_view name);

}  // namespace profiling::controllers
