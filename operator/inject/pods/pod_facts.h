// The facts that both processes keep of a running pod: views into its JSON, read by facts_decoder.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

enum PodFlag : std::uint8_t {
  kPodDeleting = 1,
  kPodReady = 2,
  kPodFinished = 4,  // Succeeded or Failed
  kPodMirror = 8,    // of a static pod
  kPodCritical = 16  // priority class system-node-critical or system-cluster-critical
};

// Why a container does not run, or how it ended last time.
struct FailureView {
  std::string_view container;
  bool init = false;
  std::optional<std::int64_t> exit_code;  // absent: it waits
  std::string_view reason, message;
  std::string_view image = {};  // digest; empty: unknown
};
// The image of a container that the webhook added.
struct AgentImageView {
  std::string_view image;  // as the container names it
  bool pulled = false;
  bool failed = false;  // the last pull failed
};
// Whether the webhook added this container.
bool isOurs(bool init, std::string_view container);

// One decoded pod: views into its JSON.
struct PodFacts {
  std::string_view namespace_, name;
  std::vector<api::KeyValueView> labels;
  std::optional<std::string_view> inject, policy;  // the annotations of those names
  std::string_view decision;                       // annotation profiling.dev/decision
  std::optional<api::OwnerView> owner;             // the one with controller: true
  std::uint8_t flags = 0;                          // PodFlag
  std::string_view uid;
  std::uint32_t created = 0;  // seconds since 1970; 0: unknown
  std::int64_t restarts = 0;  // of all containers
  std::optional<FailureView> failure;
  std::vector<std::string_view> images;  // digests of its containers' images, ours left out
  std::vector<AgentImageView> agent_images;
};

// The time of a creationTimestamp in seconds since 1970; 0 when it is not written as metav1.Time is
// (UTC, whole seconds). Hot path of every watched pod, hence not parseRfc3339().
std::uint32_t createdSeconds(std::string_view text);

}  // namespace profiling::inject
