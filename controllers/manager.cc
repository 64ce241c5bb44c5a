#include "controllers/manager.h"

#include <algorithm>
#include <cassert>
#include <ranges>
#include <utility>

#include "controllers/certificates/reconciler.h"
#include "controllers/ebpf/reconciler.h"
#include "controllers/policy/reconciler.h"
#include "controllers/profilingserver/reconciler.h"
#include "controllers/revisions/resolved.h"
#include "controllers/rollout/controller.h"
#include "controllers/stores.h"
#include "controllers/watches.h"
#include "controllers/workload/language_reconciler.h"
#include "controllers/workload/reconciler.h"
#include "operator/base/stop.h"
#include "operator/kube/server_clock.h"

namespace profiling::controllers {
namespace {

constexpr Millis kSyncPoll{100};
constexpr Millis kSyncPatience{1'000};

PolicyStores policyStores(const Stores& s) {
  return {s.policies, s.cluster_policies, s.servers, s.namespaces, s.revisions};
}

}  // namespace

// Members are destroyed from the last to the first: workers and watches before what they use.
struct Manager::Parts {
  Parts(net::HttpClient& calls, net::HttpClient& watch_client, Settings s, const Clock& c);

  std::vector<Controller> makeControllers();
  Watches::Queues queues() const;
  kube::WorkQueue& queueOf(std::string_view controller) const;
  Reconcile whenSynced(Reconcile reconcile) const;
  bool waitSynced(const std::stop_token& stop) const;

  const Settings settings;
  const Clock& clock;
  kube::ServerClock server_clock;
  kube::DatedClient dated_calls;
  kube::Client client;
  Stores stores;
  EventRecorder events;
  ResolvedPolicies resolved;
  WorkloadIndex workloads;
  std::shared_ptr<const RolloutReconciler> rollouts;
  const std::vector<Controller> controllers;
  Watches watches;
  std::vector<std::unique_ptr<Runner>> runners;  // in the order of `controllers`
};

Manager::Parts::Parts(net::HttpClient& calls, net::HttpClient& watch_client, Settings s,
                      const Clock& c)
    : settings(std::move(s)),
      clock(c),
      server_clock(c),
      dated_calls(calls, server_clock),
      client(dated_calls),
      events(calls, settings.instance, c),
      resolved(policyStores(stores), settings.inject.agents, settings.inject.operator_namespace),
      workloads(
          stores.pods, [this] { return resolved.current(); }, settings.inject),
      controllers(makeControllers()),
      watches(watch_client, settings, stores, queues(), resolved, workloads, c) {
  for (const Controller& each : controllers) {
    runners.push_back(std::make_unique<Runner>(
        each.name, *each.queue, each.needs_sync ? whenSynced(each.reconcile) : each.reconcile,
        each.workers, clock));
  }
}

std::vector<Controller> Manager::Parts::makeControllers() {
  Controller language = languageController(client, settings.queries, settings.server_addresses,
                                           stores.pods, workloads, stores.records, clock);
  const auto guessed = [queue = language.queue](const std::string& group) { queue->add(group); };
  Controller workload = workloadController(client, stores.pods, workloads, stores.records, guessed,
                                           events, settings.workers, clock);
  const auto owner_lost = [queue = workload.queue](const std::string& group) { queue->add(group); };
  RolloutController rollout =
      rolloutController({client,
                         {policyStores(stores), stores.records, stores.refusals},
                         stores.pods,
                         workloads,
                         events,
                         server_clock,
                         settings.inject.operator_namespace,
                         settings.webhook_deployment,
                         settings.restarts,
                         settings.workers,
                         settings.queries,
                         settings.server_addresses,
                         owner_lost});
  rollouts = std::move(rollout.reconciler);
  std::vector<Controller> all;
  // First: until the webhook has a certificate, no admission reaches it.
  all.push_back(certificateController(client, settings.certificates, clock));
  all.push_back(serverController(client,
                                 {stores.servers, stores.config_maps, stores.services,
                                  stores.stateful_sets, stores.server_pods},
                                 events, settings.workers, clock));
  all.push_back(policyController(client, policyStores(stores), workloads, events,
                                 settings.restarts.granted, settings.workers, clock));
  all.push_back(std::move(workload));
  all.push_back(std::move(language));
  all.push_back(std::move(rollout.controller));
  all.push_back(ebpfController(client, settings.ebpf, settings.ebpf_place, clock));
  return all;
}

kube::WorkQueue& Manager::Parts::queueOf(std::string_view controller) const {
  const auto found = std::ranges::find(controllers, controller, &Controller::name);
  assert(found != controllers.end());
  return *found->queue;
}

Watches::Queues Manager::Parts::queues() const {
  return {queueOf("profilingserver"), queueOf("policy"),       queueOf("workload"),
          queueOf("rollout"),         queueOf("certificates"), queueOf("ebpf")};
}

Reconcile Manager::Parts::whenSynced(Reconcile reconcile) const {
  return [this, reconcile = std::move(reconcile)](const std::string& key,
                                                  const std::stop_token& stop) {
    return waitSynced(stop) ? reconcile(key, stop) : Outcome::after(kSyncPoll);
  };
}

// False when some store is not full yet. A worker waits up to a second for that: if keys went back
// at once, ten thousand of them would go round and round while the lists are read.
bool Manager::Parts::waitSynced(const std::stop_token& stop) const {
  for (Millis waited{0}; !watches.synced() && waited < kSyncPatience; waited += kSyncPoll) {
    if (!sleepFor(stop, kSyncPoll)) return false;
  }
  return watches.synced();
}

Manager::Manager(net::HttpClient& calls, net::HttpClient& watches, Settings settings,
                 const Clock& clock)
    : parts_(std::make_unique<Parts>(calls, watches, std::move(settings), clock)) {
}

Manager::~Manager() {
  stopWorkers();
  stopWatches();
}

void Manager::startWatches() {
  parts_->watches.start();
}

void Manager::startWorkers() {
  parts_->events.start();
  for (std::size_t i = 0; i < parts_->runners.size(); ++i) {
    if (const auto& hook = parts_->controllers[i].before_start) hook();
    parts_->runners[i]->start();
  }
}

// In reverse order, the events last, so that what was reconciled at the end is recorded.
void Manager::stopWorkers() {
  for (std::size_t i = parts_->runners.size(); i-- > 0;) {
    parts_->runners[i]->stop();
    if (const auto& hook = parts_->controllers[i].after_stop) hook();
  }
  parts_->events.stop();
}

void Manager::stopWatches() {
  parts_->watches.stop();
}

bool Manager::synced() const {
  return parts_->watches.synced();
}

std::vector<std::string> Manager::unsynced() const {
  return parts_->watches.unsynced();
}

void Manager::observe(const std::function<RunnerObserver(const std::string&)>& make) {
  for (const auto& runner : parts_->runners) runner->observe(make(runner->name()));
}

std::vector<ControllerStats> Manager::stats() const {
  std::vector<ControllerStats> all;
  for (const auto& runner : parts_->runners) all.push_back({runner->name(), runner->stats()});
  return all;
}

RecorderStats Manager::eventStats() const {
  return parts_->events.stats();
}

PodTableStats Manager::podStats() const {
  return parts_->stores.pods.stats();
}

RolloutStats Manager::rolloutStats() const {
  return parts_->rollouts->stats();
}

std::vector<const kube::Reflector*> Manager::reflectors() const {
  return parts_->watches.reflectors();
}

}  // namespace profiling::controllers
