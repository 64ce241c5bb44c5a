// The reconcile loop of rollouts.
#pragma once

#include <memory>
#include <string>

#include "controllers/rollout/reconciler.h"
#include "controllers/runtime/controller.h"

namespace profiling::controllers {

// Everything but the settings must outlive the controller.
struct RolloutInputs {
  kube::Client& client;
  RolloutStores stores;
  const PodTable& pods;
  WorkloadIndex& workloads;
  EventSink& events;
  const Clock& clock;
  std::string operator_namespace, webhook_deployment;
  RestartRights rights;
  int workers = 1;
  net::QueryClient* queries = nullptr;
  signals::AddressOverrides server_addresses;
};

struct RolloutController {
  Controller controller;
  std::shared_ptr<const RolloutReconciler> reconciler;  // for its stats()
};

RolloutController rolloutController(const RolloutInputs& inputs);

}  // namespace profiling::controllers
