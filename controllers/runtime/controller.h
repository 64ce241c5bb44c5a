// One reconcile loop as a value. Each folder of controllers/ has a function that makes its own; the
// manager runs those in its list.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "controllers/runtime/runner.h"
#include "operator/kube/workqueue.h"

namespace profiling::controllers {

struct Controller {
  std::string name;  // in logs and metrics
  std::shared_ptr<kube::WorkQueue> queue;
  Reconcile reconcile;  // keeps alive what it calls
  int workers = 1;
  bool needs_sync = true;  // runs only once every store holds a complete list
  // Called before the workers start and after they have ended; may be empty.
  std::function<void()> before_start = nullptr, after_stop = nullptr;
};

template <class Reconciler>
Reconcile reconcileBy(std::shared_ptr<Reconciler> reconciler) {
  return [reconciler = std::move(reconciler)](const std::string& key, const std::stop_token& stop) {
    return reconciler->reconcile(key, stop);
  };
}

// `backoff` applies to each key.
inline std::shared_ptr<kube::WorkQueue> makeQueue(BackoffSpec backoff, const Clock& clock) {
  return std::make_shared<kube::WorkQueue>(backoff, clock);
}

}  // namespace profiling::controllers
