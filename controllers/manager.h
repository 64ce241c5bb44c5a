// All controllers of the process: what they watch, their queues and their workers.
//
//   Manager manager(*api.calls, *api.watches, settings);
//   manager.startWatches();   … manager.synced() …   manager.startWorkers();
//   manager.stopWorkers();    manager.stopWatches();
//
// One instance, owned by the composition root. A standby watches too, so that its stores and queues
// are warm when it becomes the leader; only the leader starts the workers. Start and stop watches
// from one thread, workers from one thread at a time, each at most once; call the rest from any.
// Certificates and eBPF objects are reconciled at once; servers, policies and workloads only when
// every store holds a complete list, because in a half-filled one objects seem to be missing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controllers/events/recorder.h"
#include "controllers/pods/pod_table.h"
#include "controllers/rollout/reconciler.h"
#include "controllers/runtime/runner.h"
#include "controllers/settings.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/reflector.h"

namespace profiling::controllers {

struct ControllerStats {
  // profilingserver, policy, workload, language, rollout, certificates, ebpf
  std::string name;
  RunnerStats runner;
};

class Manager {
 public:
  // Each watch holds a connection (there are fifteen, one more with eBPF), so watches have a client
  // of their own. Clients and clock must outlive this.
  Manager(net::HttpClient& calls, net::HttpClient& watches, Settings settings,
          const Clock& clock = Clock::real());
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  void startWatches();
  void startWorkers();
  void stopWorkers();  // returns after the last write
  void stopWatches();
  // Makes the observer of each controller; before startWorkers().
  void observe(const std::function<RunnerObserver(const std::string& controller)>& make);
  bool synced() const;
  std::vector<std::string> unsynced() const;  // resources whose first list is not complete
  std::vector<ControllerStats> stats() const;
  RecorderStats eventStats() const;
  PodTableStats podStats() const;
  RolloutStats rolloutStats() const;
  std::vector<const kube::Reflector*> reflectors() const;  // live as long as this

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace profiling::controllers
