#include "controllers/rollout/controller.h"

namespace profiling::controllers {

RolloutController rolloutController(const RolloutInputs& in) {
  auto queue = makeQueue({Millis(20), std::chrono::minutes(1)}, in.clock);
  auto inputs =
      std::make_shared<GateInputs>(in.client, in.queries, in.server_addresses,
                                   [queue](const std::string& policy) { queue->add(policy); });
  auto reconciler = std::make_shared<RolloutReconciler>(
      in.client, in.stores, in.pods, in.workloads, *inputs, in.operator_namespace,
      in.webhook_deployment, in.rights, in.events, in.clock, in.owner_lost);
  Controller controller{"rollout", std::move(queue), reconcileBy(reconciler), in.workers};
  controller.before_start = [inputs] { inputs->start(); };
  controller.after_stop = [inputs] { inputs->stop(); };
  return {std::move(controller), std::move(reconciler)};
}

}  // namespace profiling::controllers
