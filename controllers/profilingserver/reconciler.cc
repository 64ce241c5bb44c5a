#include "controllers/profilingserver/reconciler.h"

#include <algorithm>
#include <utility>

#include "controllers/runtime/apply_owned.h"
#include "controllers/runtime/status_patch.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/base/log.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

std::optional<Millis> earlier(std::optional<Millis> a, std::optional<Millis> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// A refusal means that the object itself is invalid; other failures say nothing about it.
bool isRefusal(Code code) {
  return code == Code::kInvalidArgument || code == Code::kPermissionDenied ||
         code == Code::kTooLarge;
}

}  // namespace

Outcome ServerReconciler::reconcile(const std::string& key, const std::stop_token& stop) {
  const auto server = stores_.servers.find(key);
  // Deleted or terminating: its objects are garbage-collected with it.
  if (!server || server->metadata.deleting) return Outcome::done();
  auto input = gatherServer(stores_, server, client_, formatRfc3339(clock_.wall()), stop);
  if (!input.ok()) return Outcome::failed(input.status());

  ServerDecision decision = decideServer(*input);
  const bool creates = std::ranges::any_of(
      decision.apply, [](const WantedChange& change) { return change.uid.empty(); });
  if (creates) {
    const auto exists = stillExists(*server, stop);
    if (!exists.ok()) return Outcome::failed(exists.status());
    if (!*exists) return Outcome::done();  // its own event is on its way to the store
  }
  Status failure;
  for (const WantedChange& change : decision.apply) {
    std::optional<Millis> wait;
    failure = apply(change, wait, stop);
    decision.requeue_after = earlier(decision.requeue_after, wait);
    if (failure.ok()) continue;
    if (isRefusal(failure.code())) {
      decision.status =
          rejected(*input, std::move(decision.status), change.wanted, failure.message());
    }
    break;
  }
  Outcome written = writeStatus(*server, decision.status, stop);
  if (!failure.ok()) return Outcome::failed(failure);
  if (!written.status.ok()) return written;
  return {Status(), earlier(decision.requeue_after, written.requeue_after)};
}

Result<bool> ServerReconciler::stillExists(const api::ProfilingServer& server,
                                           const std::stop_token& stop) {
  const api::ObjectMeta& known = server.metadata;
  const auto live = client_.get(kube::resources::kServers, known.namespace_, known.name, stop);
  if (live.status().code() == Code::kNotFound) return false;
  if (!live.ok()) return live.status();
  const auto metadata = api::metaFromJson(*live);
  if (!metadata.ok()) return Status(Code::kInternal, metadata.status().message());
  return metadata->uid == known.uid && !metadata->deleting;
}

Status ServerReconciler::apply(const WantedChange& change, std::optional<Millis>& wait,
                               const std::stop_token& stop) {
  return applyOwned(client_, guard_,
                    {resourceOf(change.wanted.kind), change.wanted.object, kServerFieldManager,
                     change.uid, change.resource_version, change.difference},
                    wait, stop);
}

Outcome ServerReconciler::writeStatus(const api::ProfilingServer& server,
                                      const api::ProfilingServerStatus& status,
                                      const std::stop_token& stop) {
  const StatusWrite result = statuses_.write(kube::resources::kServers, server.metadata,
                                             asStored(server.status), api::toJson(status), stop);
  if (result.written) {
    recordAll(events_, eventsOf(subjectOf("ProfilingServer", server.metadata),
                                server.status.conditions, status.conditions));
  }
  return result.outcome;
}

Controller serverController(kube::Client& client, const ServerStores& stores, EventSink& events,
                            int workers, const Clock& clock) {
  return {"profilingserver", makeQueue({Millis(5), std::chrono::minutes(5)}, clock),
          reconcileBy(std::make_shared<ServerReconciler>(client, stores, clock, events)), workers};
}

}  // namespace profiling::controllers
