// Decides which of the controller's replicas writes: an Elector or, without an election, always
// this one.
#pragma once

#include <functional>
#include <optional>

#include "controllers/specs/webhook_objects.h"
#include "operator/app/options.h"
#include "operator/kube/elector.h"
#include "operator/kube/fence.h"
#include "operator/obs/health.h"
#include "operator/obs/metrics.h"

namespace profiling::app {

class Leadership {
 public:
  // `lease_client` must outlive this. The lease is deleted with `owner`.
  Leadership(kube::Client& lease_client, const ControllerOptions& options,
             const specs::OwnerDeployment& owner);

  const kube::Fence& fence() const;
  // Exports leader_election_master_status, and adds the liveness check `leader-election`, which
  // fails when the loop stops moving, whatever the API server does.
  void report(obs::Metrics& metrics, obs::Health& health);
  // `elected` begins to write; it is called at most once. When leadership is lost the process exits
  // at once with code 1, because another replica writes now.
  void start(std::function<void()> elected);
  // `end_writing` is called before the lease is released.
  void stop(const std::function<void()>& end_writing);

 private:
  const ControllerOptions options_;
  std::optional<kube::Elector> elector_;  // absent: no election
};

}  // namespace profiling::app
