#include "controllers/ebpf/reconciler.h"

#include <utility>

#include "controllers/runtime/apply_owned.h"
#include "controllers/signals/arrival.h"
#include "operator/api/json_access.h"
#include "operator/base/log.h"

namespace profiling::controllers {
namespace {

using api::isTrue;
using api::member;

using Json = nlohmann::json;

const kube::Resource kDaemonSets{"apps", "v1", "daemonsets"};
constexpr std::chrono::seconds kBlockedPoll{30};

const kube::Resource& resourceOf(EbpfObject object) {
  return object == EbpfObject::kConfigMap ? kube::resources::kConfigMaps : kDaemonSets;
}

}  // namespace

EbpfReconciler::EbpfReconciler(kube::Client& client, std::optional<api::EbpfSettings> settings,
                               specs::EbpfPlace place, const Clock& clock)
    : client_(client), settings_(std::move(settings)), place_(std::move(place)), guard_(clock) {
}

Outcome EbpfReconciler::reconcile(const std::string& /*key*/, const std::stop_token& stop) {
  if (place_.name.empty()) return Outcome::done();
  const auto input = gather(stop);
  if (!input.ok()) return Outcome::failed(retriable(input.status()));
  const EbpfDecision decision = decideEbpf(*input);
  if (!decision.blocked.empty()) {
    log::warn("eBPF profiling is blocked", {{"reason", decision.blocked}});
    return Outcome::after(kBlockedPoll);
  }
  if (settings_ && !decision.changes.empty()) checkServer(stop);
  std::optional<Millis> wait;
  for (const EbpfChange& change : decision.changes) {
    std::optional<Millis> held;
    const Status written = write(change, held, stop);
    if (!written.ok()) return Outcome::failed(retriable(written));
    if (held) wait = wait ? std::min(*wait, *held) : *held;
  }
  return {Status(), wait};
}

Result<EbpfInput> EbpfReconciler::gather(const std::stop_token& stop) {
  EbpfInput input;
  if (settings_) {
    const auto url = signals::serverUrl({settings_->server.namespace_, settings_->server.name}, {});
    if (!url.ok()) return url.status();
    input.wanted = specs::ebpfObjects(*settings_, place_, *url);
  }
  for (auto [object, slot] : {std::pair(EbpfObject::kConfigMap, &input.config_map),
                              std::pair(EbpfObject::kDaemonSet, &input.daemon_set)}) {
    auto live = read(object, stop);
    if (!live.ok()) return live.status();
    *slot = *std::move(live);
  }
  return input;
}

Result<Json> EbpfReconciler::read(EbpfObject object, const std::stop_token& stop) {
  auto live = client_.get(resourceOf(object), place_.namespace_, place_.name, stop);
  if (live.status().code() == Code::kNotFound) return Json();
  if (!live.ok()) {
    return live.status().annotated("read " + std::string(ebpfObjectName(object)) + " '" +
                                   place_.name + "'");
  }
  return live;
}

Status EbpfReconciler::write(const EbpfChange& change, std::optional<Millis>& wait,
                             const std::stop_token& stop) {
  const kube::Resource& resource = resourceOf(change.object);
  if (!change.wanted.is_null()) {
    return applyOwned(client_, guard_,
                      {resource, change.wanted, kEbpfFieldManager, change.uid,
                       change.resource_version, change.difference},
                      wait, stop);
  }
  const std::string id =
      std::string(ebpfObjectName(change.object)) + "/" + place_.namespace_ + "/" + place_.name;
  const Status removed =
      client_.remove(resource, place_.namespace_, place_.name, {change.uid, ""}, stop);
  if (removed.code() == Code::kNotFound) return {};
  if (!removed.ok()) return removed.annotated("remove " + id);
  log::info("Object removed", {{"object", id}, {"reason", "eBPF profiling is switched off"}});
  return {};
}

// Only warns: the server may be created later, and Alloy retries until then.
void EbpfReconciler::checkServer(const std::stop_token& stop) {
  const api::EbpfServer& server = settings_->server;
  const auto live = client_.get(kube::resources::kServers, server.namespace_, server.name, stop);
  const std::string name = server.namespace_ + "/" + server.name;
  if (live.status().code() == Code::kNotFound) {
    log::warn("The ProfilingServer of eBPF profiling does not exist", {{"server", name}});
  } else if (live.ok() && isTrue(member(*live, "spec", "tenancy", "enabled")) &&
             settings_->tenant_id.empty()) {
    log::warn("The ProfilingServer of eBPF profiling separates tenants, but ebpf.tenantID is empty",
              {{"server", name}});
  }
}

Controller ebpfController(kube::Client& client, std::optional<api::EbpfSettings> settings,
                          specs::EbpfPlace place, const Clock& clock) {
  Controller controller{"ebpf", makeQueue({Millis(200), std::chrono::minutes(1)}, clock),
                        reconcileBy(std::make_shared<EbpfReconciler>(client, std::move(settings),
                                                                     std::move(place), clock))};
  controller.needs_sync = false;
  controller.queue->add(kEbpfKey);
  return controller;
}

}  // namespace profiling::controllers
