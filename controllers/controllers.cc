#include "controllers/controllers.h"

#include <utility>

#include "controllers/parts.h"

namespace profiling::controllers {

Controllers::Controllers(net::HttpClient& calls, net::HttpClient& watches, Settings settings,
                         const Clock& clock)
    : parts_(std::make_unique<Parts>(calls, watches, std::move(settings), clock)) {
  parts_->watchServers();
  parts_->watchPolicies();
  parts_->watchPods();
  parts_->watchRevisions();
  parts_->watchServerObjects();
  parts_->watchCertificateObjects();
  parts_->watchEbpfObjects();
}

Controllers::~Controllers() {
  stopWorkers();
  stopWatches();
}

void Controllers::startWatches() {
  for (const auto& w : parts_->watched) w.reflector->start();
  parts_->certificate_queue.add(kCertificateKey);
  parts_->ebpf_queue.add(kEbpfKey);
}

void Controllers::startWorkers() {
  parts_->events.start();
  parts_->certificate_runner.start();
  parts_->server_runner.start();
  parts_->policy_runner.start();
  parts_->workload_runner.start();
  parts_->language_runner.start();
  parts_->signals.start();
  parts_->rollout_runner.start();
  parts_->ebpf_runner.start();
}

void Controllers::stopWorkers() {
  parts_->ebpf_runner.stop();
  parts_->rollout_runner.stop();
  parts_->signals.stop();
  parts_->language_runner.stop();
  parts_->workload_runner.stop();
  parts_->policy_runner.stop();
  parts_->server_runner.stop();
  parts_->certificate_runner.stop();
  parts_->events.stop();
}

void Controllers::stopWatches() {
  for (const auto& w : parts_->watched) w.reflector->stop();
}

bool Controllers::synced() const {
  return parts_->synced();
}

std::vector<std::string> Controllers::unsynced() const {
  std::vector<std::string> names;
  for (const auto& w : parts_->watched) {
    if (!w.synced()) names.push_back(w.name);
  }
  return names;
}

void Controllers::observe(const std::function<RunnerObserver(const std::string&)>& make) {
  for (Runner* runner : parts_->runners()) {
    runner->observe(make(runner->name()));
  }
}

RecorderStats Controllers::eventStats() const {
  return parts_->events.stats();
}

std::vector<ControllerStats> Controllers::stats() const {
  std::vector<ControllerStats> all;
  for (const Runner* runner : parts_->runners()) {
    all.push_back({runner->name(), runner->stats()});
  }
  return all;
}

RolloutStats Controllers::rolloutStats() const {
  return parts_->rollout_reconciler.stats();
}

PodTableStats Controllers::podStats() const {
  return parts_->pods.stats();
}

std::vector<const kube::Reflector*> Controllers::reflectors() const {
  std::vector<const kube::Reflector*> all;
  all.reserve(parts_->watched.size());
  for (const auto& w : parts_->watched) all.push_back(w.reflector.get());
  return all;
}

}  // namespace profiling::controllers
