// All controllers of the process: what they watch, their queues and their workers.
//
//   Controllers controllers(*api.calls, *api.watches, settings);
//   controllers.startWatches();   … controllers.synced() …   controllers.startWorkers();
//   controllers.stopWorkers();    controllers.stopWatches();
//
// One instance, owned by the composition root. A standby watches too, so that its stores and queues
// are warm when it becomes the leader; only the leader starts the workers. Watches from one thread,
// workers from one at a time, each part started and stopped at most once; the rest from any thread.
// Certificates are looked after at once; servers, policies and workloads only when every store
// holds a complete list, because a half-filled one looks like objects that are missing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controllers/events/recorder.h"
#include "controllers/pods/pod_table.h"
#include "controllers/rollout/reconciler.h"
#include "controllers/runtime/runner.h"
#include "controllers/specs/webhook_objects.h"
#include "operator/api/ebpf_settings.h"
#include "operator/api/effective.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"
#include "operator/kube/reflector.h"

namespace profiling::controllers {

struct Settings {
  std::string operator_namespace;
  std::string webhook_service;
  std::string webhook_configuration;
  std::string certificate_secret;
  std::string ca_configmap;
  specs::OwnerDeployment owner;  // what the certificate objects go away with
  api::AgentImages agents;
  bool native_sidecars = true;            // see inject::Settings
  std::optional<api::EbpfSettings> ebpf;  // profiling of nodes, when it is switched on
  std::string ebpf_name;                  // of its objects; empty: there never were any
  std::string instance;                   // this process, in events
  int workers = 2;                   // of servers, of policies, of workloads and of rollouts, each
  std::int64_t max_restarting = 20;  // workloads of all policies whose pods are being replaced
  // Asks our storage servers; may be null, then arrival of profiles is unknown. Outlives this.
  net::QueryClient* queries = nullptr;
  signals::AddressOverrides server_addresses;  // for tests
  kube::WatchTiming timing;                    // of all watches
};

struct ControllerStats {
  // profilingserver, policy, workload, language, rollout, certificates, ebpf
  std::string name;
  RunnerStats runner;
};

class Controllers {
 public:
  // Watches hold a connection each (there are fifteen, one more with eBPF), so they have a client
  // of their own. Clients and clock must outlive this.
  Controllers(net::HttpClient& calls, net::HttpClient& watches, Settings settings,
              const Clock& clock = Clock::real());
  ~Controllers();
  Controllers(const Controllers&) = delete;
  Controllers& operator=(const Controllers&) = delete;

  void startWatches();
  void startWorkers();
  void stopWorkers();  // returns after the last write
  void stopWatches();
  // What to tell about each controller's work; before startWorkers().
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
