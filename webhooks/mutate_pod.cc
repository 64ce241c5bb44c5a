#include "webhooks/mutate_pod.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/log.h"
#include "operator/inject/decide_pod.h"
#include "webhooks/admission/response.h"
#include "webhooks/admission/review.h"
#include "webhooks/refusal.h"

namespace profiling::webhooks {
namespace {

net::ServerResponse allowed(std::string_view uid, std::string_view patch = {},
                            const std::vector<std::string>& warnings = {}) {
  net::ServerResponse response;
  response.body = admission::allowedResponse(uid, patch, warnings);
  return response;
}

}  // namespace

PodMutator::PodMutator(inject::Settings settings, MutationObserver observer, RolloutTable* rollouts,
                       const inject::ClusterState* cluster, inject::Breakers* breakers)
    : settings_(std::move(settings)),
      observer_(std::move(observer)),
      rollouts_(rollouts),
      cluster_(cluster),
      breakers_(breakers),
      snapshot_(std::make_shared<const Snapshot>()) {
}

void PodMutator::use(std::shared_ptr<const Snapshot> snapshot) {
  std::atomic_store_explicit(&snapshot_, std::move(snapshot), std::memory_order_release);
}

net::ServerResponse PodMutator::handle(const net::ServerRequest& request) const {
  if (auto refused = refusedUnread(request, kMaxPodReview)) return *std::move(refused);
  const admission::DecoderTurn turn(request.body.size());
  admission::ReviewDecoder& decoder = turn.decoder();
  admission::Review review;
  if (auto status = decoder.decode(request.body, request.body_capacity, review); !status.ok()) {
    return refusal(400, status.message());
  }
  if (!review.isPodCreation()) return allowed(review.uid);
  try {
    const auto snapshot = std::atomic_load_explicit(&snapshot_, std::memory_order_acquire);
    auto outcome = inject::decidePod(decoder, review.pod, review.dry_run, *snapshot, settings_,
                                     rollouts_, cluster_, breakers_);
    if (!outcome.ok()) return refusal(400, outcome.status().message());
    if (!review.dry_run && observer_.decided) observer_.decided(outcome->reason, outcome->mode);
    return allowed(review.uid, outcome->patch, outcome->warnings);
  } catch (const std::exception& e) {
    log::error("Admission failed open", {{"error", e.what()}});
  } catch (...) {
    log::error("Admission failed open");
  }
  if (observer_.failed_open) observer_.failed_open();
  return allowed(review.uid);
}

}  // namespace profiling::webhooks
