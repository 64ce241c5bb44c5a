// The reconcile loop of rollouts.
#pragma once

#include <functional>
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
  const Clock& clock;  // the API server's time
  std::string operator_namespace, webhook_deployment;
  RestartRights rights;
  int workers = 1;
  net::QueryClient* queries = nullptr;
  signals::AddressOverrides server_addresses;
  std::function<void(const std::string& group)> owner_lost;
};

struct RolloutController {
  Controller controller;
  std::shared_ptr<const RolloutReconciler> reconciler;  // for its stats()
};

RolloutController rolloutController(const RolloutInputs& inputs);

}  // namespace profiling::controllers
