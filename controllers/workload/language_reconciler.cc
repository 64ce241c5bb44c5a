#include "controllers/workload/language_reconciler.h"

#include <algorithm>

#include "controllers/runtime/status_patch.h"
#include "controllers/workload/languages.h"
#include "controllers/workload/reconciler.h"
#include "operator/base/log.h"

namespace profiling::controllers {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr std::chrono::hours kLongest{1};  // how far back a query looks

std::string listed(const std::vector<api::DetectedLanguages>& learnt) {
  std::string out;
  for (const api::DetectedLanguages& one : learnt) {
    for (const api::Language language : one.languages) {
      out +=
          (out.empty() ? "" : " ") + one.container + "=" + std::string(api::languageName(language));
    }
  }
  return out;
}

}  // namespace

Outcome LanguageReconciler::requeue(const std::string& group, Millis delay) {
  not_before_[group] = clock_.steady() + delay;
  return Outcome::after(delay);
}

Outcome LanguageReconciler::reconcile(const std::string& group, const std::stop_token& stop) {
  if (const auto it = not_before_.find(group); it != not_before_.end()) {
    const auto left = std::chrono::ceil<Millis>(it->second - clock_.steady());
    if (left > Millis(0)) return Outcome::after(left);
    not_before_.erase(it);
  }
  const auto evaluation = index_.evaluation(group);
  const WorkloadRecords records = recordsOf(records_, group);
  if (queries_ == nullptr || records.empty() || !evaluation || evaluation->main() == nullptr) {
    return Outcome::done();
  }
  const auto& record = records.front();
  const api::EffectivePolicy& policy = *evaluation->main()->policy;
  const auto& ref = policy.policy.spec.server_ref;
  const auto open = openGuesses(evaluation->guesses, record->status.detected);
  const auto members = pods_.members(group);
  if (!ref || open.empty() || !members) return Outcome::done();

  const auto settle = settleTime(policy.policy.spec.sampling.upload_interval);
  const LanguageQuestion question = questionOf(*members, open, clock_.wall(), settle);
  if (question.guesses.empty()) {
    return question.later ? Outcome::after(*question.later) : Outcome::done();
  }
  signals::ArrivalQuestion arrival;
  arrival.server = {ref->namespace_.empty() ? policy.policy.metadata.namespace_ : ref->namespace_,
                    ref->name};
  const std::string server = arrival.server.namespace_ + "/" + arrival.server.name;
  if (const Millis left = slow_.pause(server, clock_.steady()); left > Millis(0)) {
    return requeue(group, left);
  }
  if (policy.tenant_rule == api::kNamespaceAsTenant) arrival.tenant = members->group.namespace_;
  arrival.scope = {members->group.namespace_, "workload", members->group.name};
  arrival.now = clock_.wall();
  arrival.since = arrival.now - std::min<std::chrono::milliseconds>(question.age, kLongest);
  const auto senders =
      signals::ArrivalReader(*queries_, servers_, kDeadline).senders(arrival, stop);
  slow_.asked(server, senders.ok() ? Status() : senders.status(), clock_.steady());
  const auto again = std::min(askAgainAfter(question.age), question.later.value_or(24h));
  if (!senders.ok()) {
    log::info("Languages not detected",
              {{"workload", group}, {"error", senders.status().message()}});
    return requeue(group, std::max<Millis>(again, 30s));
  }
  const auto learnt = answersTo(question, *senders);
  if (!learnt.empty()) {
    api::WorkloadProfileStatus status = record->status;
    status.detected = merged(status.detected, learnt);
    const StatusWrite result = statuses_.write(kube::resources::kWorkloads, record->metadata,
                                               asStored(record->status), api::toJson(status), stop);
    if (!result.outcome.status.ok()) return Outcome::failed(retriable(result.outcome.status));
    if (result.gone || result.outcome.requeue_after) return result.outcome;
    if (result.written) {
      log::info("Languages detected", {{"workload", group}, {"languages", listed(learnt)}});
    }
  }
  return learnt.size() == question.guesses.size() && !question.later ? Outcome::done()
                                                                     : requeue(group, again);
}

Controller languageController(kube::Client& client, net::QueryClient* queries,
                              const signals::AddressOverrides& servers, const PodTable& pods,
                              WorkloadIndex& index,
                              const kube::Store<api::WorkloadProfile>& records,
                              const Clock& clock) {
  return {"language", makeQueue({Millis(1000), std::chrono::minutes(5)}, clock),
          reconcileBy(std::make_shared<LanguageReconciler>(client, queries, servers, pods, index,
                                                           records, clock))};
}

}  // namespace profiling::controllers
