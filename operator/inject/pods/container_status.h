// Restarts and failures in the statuses of a pod's containers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "operator/inject/pods/pod_facts.h"

namespace profiling::inject {

// Reads status.initContainerStatuses and status.containerStatuses of one pod, in any order.
//
// One failure is kept: a container that fails now before one that failed and was restarted, an init
// container first (the others only wait for it), else the latest. A container in CrashLoopBackOff is
// reported by how it ended, when that is known: the kubelet's "back-off 10s" carries no information
// and changes at every attempt. A container that ended with 0 has not failed.
class ContainerStatuses {
 public:
  void read(simdjson::dom::element statuses, bool init);

  std::int64_t restarts() const { return restarts_; }
  // Digests of the images of containers that are not ours.
  const std::vector<std::string_view>& images() const { return images_; }
  const std::optional<FailureView>& failure() const { return failure_; }
  const std::vector<AgentImageView>& agentImages() const { return agent_images_; }

 private:
  void readOne(simdjson::dom::element status, bool init);
  void offer(const FailureView& failure, bool now, std::string_view finished);

  std::int64_t restarts_ = 0;
  std::vector<std::string_view> images_;
  std::vector<AgentImageView> agent_images_;
  std::optional<FailureView> failure_;
  int rank_ = 0;
  std::string_view finished_;  // of failure_, RFC 3339 in UTC: orders as text
};

}  // namespace profiling::inject
