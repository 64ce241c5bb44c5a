// POST /mutate-pods: an AdmissionReview in, an AdmissionReview out.
//
// Fails open: after any internal error the pod is allowed unchanged and the failure is counted. Only a
// request that is not an AdmissionReview at all gets a 4xx.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "operator/inject/breakers.h"
#include "operator/inject/decide_pod.h"
#include "operator/inject/inject.h"
#include "operator/inject/snapshot.h"
#include "operator/net/http_server.h"
#include "webhooks/rollout_table.h"

namespace profiling::webhooks {

using inject::Snapshot;

// The API server's own bound on the body of a request; larger reviews are answered with 413.
inline constexpr std::size_t kMaxPodReview = 3 * 1024 * 1024;

// Called on I/O threads: cheap and thread-safe.
struct MutationObserver {
  std::function<void(inject::Reason reason, api::PolicyMode mode)> decided;  // not for dry runs
  std::function<void()> failed_open;
};

// Thread-safe; handle() runs on the server's I/O threads.
class PodMutator {
 public:
  // The pointers must outlive it. Null: no workload has a record; nothing is known of quotas and
  // nodes; nothing has gone wrong.
  PodMutator(inject::Settings settings, MutationObserver observer, RolloutTable* rollouts = nullptr,
             const inject::ClusterState* cluster = nullptr, inject::Breakers* breakers = nullptr);

  net::ServerResponse handle(const net::ServerRequest& request) const;

  // Replaces the snapshot; admissions in progress keep theirs.
  void use(std::shared_ptr<const Snapshot> snapshot);

 private:
  const inject::Settings settings_;
  const MutationObserver observer_;
  RolloutTable* rollouts_;
  const inject::ClusterState* cluster_;
  inject::Breakers* breakers_;
  // Through std::atomic_load and std::atomic_store, as in kube/store.h: std::atomic<shared_ptr> of
  // libstdc++ 12 releases its lock with relaxed order in load(), which is a data race.
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace profiling::webhooks
