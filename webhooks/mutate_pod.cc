#include "webhooks/mutate_pod.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/log.h"
#include "operator/base/text.h"
#include "webhooks/admission/response.h"
#include "webhooks/admission/review.h"
#include "webhooks/inject/decision_json.h"

namespace profiling::webhooks {
namespace {

net::ServerResponse refusal(int status, std::string_view why) {
  net::ServerResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(why) + "\n";
  return response;
}

net::ServerResponse allowed(std::string_view uid, std::string_view patch = {},
                            const std::vector<std::string>& warnings = {}) {
  net::ServerResponse response;
  response.body = admission::allowedResponse(uid, patch, warnings);
  return response;
}

bool isJson(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';'))) == "application/json";
}

struct Outcome {
  inject::Reason reason = inject::Reason::kNoPolicy;
  api::PolicyMode mode = api::PolicyMode::kEnforce;
  std::string patch;
  std::vector<std::string> warnings;
};

Outcome outcomeOf(inject::Reason reason, api::PolicyMode mode,
                  const std::vector<inject::Warning>& warnings, std::string patch = {}) {
  Outcome outcome{reason, mode, std::move(patch), {}};
  if (mode == api::PolicyMode::kObserve) return outcome;
  for (const inject::Warning& w : warnings) outcome.warnings.push_back(w.text);
  return outcome;
}

// The revision that the rollout has for the pod's workload, or none.
void assignRevision(inject::Decision& decision, const admission::Review& review,
                    RolloutTable* rollouts) {
  if (const auto carried = inject::carriedRevision(review.pod)) {
    // A later pass, or a template that was exported from a running pod: it has its place already,
    // and what is there stays.
    if (auto same = decision.policy->at(*carried)) decision.policy = std::move(same);
    decision.replica = inject::replicaOf(review.pod.annotation(api::kDecisionKey).value_or(""));
    return;
  }
  const inject::Workload workload = inject::workloadOf(review.pod);
  const PodOfWorkload pod{review.namespace_, workload.kind, workload.name,
                          inject::ordinalOf(workload.kind, review.pod.name)};
  inject::RevisionChoice choice =
      rollouts == nullptr ? inject::chooseRevision(decision.policy, nullptr, pod.ordinal, {})
                          : rollouts->choose(pod, decision.policy, review.dry_run);
  decision.policy = std::move(choice.policy);
  if (decision.policy == nullptr) decision.reason = choice.reason;
  if (choice.counted) decision.replica = rollouts->replica();
}

// Two steps, so that a pod that concerns nobody costs its metadata only.
Result<Outcome> decidePod(admission::ReviewDecoder& decoder, admission::Review& review,
                          const Snapshot& snapshot, const inject::Settings& settings,
                          RolloutTable* rollouts) {
  const inject::NamespaceState& state = snapshot.of(review.namespace_);
  const api::NamespaceView namespace_ = state.view(review.namespace_);

  if (auto status = decoder.decodeMetadata(review.pod); !status.ok()) return status;
  inject::Decision decision = inject::decide(review.pod, namespace_, state.policies, settings);
  if (decision.policy == nullptr && !decision.opted_in) {
    return outcomeOf(decision.reason, decision.mode, decision.warnings);
  }
  std::string problem;
  if (auto status = decoder.decodeSpec(review.pod, problem); !status.ok()) return status;
  if (!problem.empty()) {
    return outcomeOf(inject::Reason::kMalformedPod, decision.mode,
                     {{"profiling.dev: the pod is not profiled: " + problem}});
  }
  if (!review.pod.priority_class.empty()) {
    decision = inject::decide(review.pod, namespace_, state.policies, settings);
  }
  if (decision.policy != nullptr && decision.mode == api::PolicyMode::kEnforce) {
    assignRevision(decision, review, rollouts);
  }
  const inject::InjectionPlan plan = inject::planInjection(decision, review.pod, settings);
  return outcomeOf(plan.reason, decision.mode, plan.warnings,
                   inject::renderPatch(plan, review.pod, settings));
}

}  // namespace

PodMutator::PodMutator(inject::Settings settings, MutationObserver observer, RolloutTable* rollouts)
    : settings_(std::move(settings)),
      observer_(std::move(observer)),
      rollouts_(rollouts),
      snapshot_(std::make_shared<const Snapshot>()) {
}

void PodMutator::use(std::shared_ptr<const Snapshot> snapshot) {
  std::atomic_store_explicit(&snapshot_, std::move(snapshot), std::memory_order_release);
}

net::ServerResponse PodMutator::handle(const net::ServerRequest& request) const {
  if (!isJson(request.content_type)) return refusal(415, "Content-Type must be application/json");
  if (request.body.empty()) return refusal(400, "the body is empty: must be an AdmissionReview");

  admission::ReviewDecoder& decoder = admission::threadDecoder();
  admission::Review review;
  if (auto status = decoder.decode(request.body, request.body_capacity, review); !status.ok()) {
    return refusal(400, status.message());
  }
  if (!review.isPodCreation()) return allowed(review.uid);
  try {
    const auto snapshot = std::atomic_load_explicit(&snapshot_, std::memory_order_acquire);
    auto outcome = decidePod(decoder, review, *snapshot, settings_, rollouts_);
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
