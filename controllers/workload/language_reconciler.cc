#include "controllers/workload/language_reconciler.h"

#include <algorithm>

#include "controllers/runtime/status_patch.h"
#include "controllers/workload/languages.h"
#include "controllers/workload/reconciler.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"

namespace profiling::controllers {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr std::chrono::hours kLongest{1};  // how far back a query looks

std::string listed(const std::vector<api::DetectedLanguages>& learnt) {
  std::string out;
  for (const api::DetectedLanguages& one : learnt) {
    if (one.languages.empty()) {
      out += strCat(out.empty() ? "" : " ", one.container, one.crashed ? "=crashed" : "=silent");
    }
    for (const api::Language language : one.languages) {
      out +=
          (out.empty() ? "" : " ") + one.container + "=" + std::string(api::languageName(language));
    }
  }
  return out;
}

signals::ServerRef serverOf(const api::EffectivePolicy& policy) {
  const api::ServerRef& ref = *policy.policy.spec.server_ref;
  return {ref.namespace_.empty() ? policy.policy.metadata.namespace_ : ref.namespace_, ref.name};
}

std::string nameOf(const signals::ServerRef& server) {
  return strCat(server.namespace_, "/", server.name);
}

}  // namespace

Outcome LanguageReconciler::requeue(const std::string& group, Millis delay) {
  not_before_[group] = clock_.steady() + delay;
  return Outcome::after(delay);
}

std::optional<Outcome> LanguageReconciler::keep(const std::string& group,
                                                const api::WorkloadProfile& record,
                                                const std::vector<api::DetectedLanguages>& learnt,
                                                const std::stop_token& stop) {
  api::WorkloadProfileStatus status = record.status;
  status.detected = merged(status.detected, learnt);
  if (status.detected == record.status.detected) return std::nullopt;
  status.preflight.reset();  // made without this
  const StatusWrite result = statuses_.write(kube::resources::kWorkloads, record.metadata,
                                             asStored(record.status), api::toJson(status), stop);
  if (!result.outcome.status.ok()) return Outcome::failed(retriable(result.outcome.status));
  if (result.gone || result.outcome.requeue_after) return result.outcome;
  if (result.written) {
    log::info("Languages detected", {{"workload", group}, {"languages", listed(learnt)}});
  }
  return std::nullopt;
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
  const api::WorkloadProfile& record = *records.front();
  const api::EffectivePolicy& policy = *evaluation->main()->policy;
  const auto open = openGuesses(evaluation->guesses, record.status.detected);
  const auto members = pods_.members(group);
  if (open.empty() || !members) return Outcome::done();
  if (const auto crashed = crashedGuesses(*members, open); !crashed.empty()) {
    return keep(group, record, crashed, stop).value_or(Outcome::done());
  }

  const std::string& interval = policy.policy.spec.sampling.upload_interval;
  const LanguageQuestion question = questionOf(*members, open, clock_.wall(), settleTime(interval));
  if (question.guesses.empty()) {
    return question.later ? Outcome::after(*question.later) : Outcome::done();
  }
  const auto again = std::min(askAgainAfter(question.age), question.later.value_or(24h));
  std::vector<api::DetectedLanguages> learnt;
  if (!policy.policy.spec.server_ref) {
    learnt = answersWithoutServer(question);
  } else {
    if (const Millis left = slow_.pause(nameOf(serverOf(policy)), clock_.steady());
        left > Millis(0)) {
      return requeue(group, left);
    }
    const auto senders = ask(policy, *members, question, stop);
    if (!senders.ok()) {
      log::info("Languages not detected",
                {{"workload", group}, {"error", senders.status().message()}});
      return requeue(group, std::max<Millis>(again, 30s));
    }
    learnt = answersTo(question, *senders, patienceOf(interval));
  }
  if (!learnt.empty()) {
    if (auto outcome = keep(group, record, learnt, stop)) return *std::move(outcome);
  }
  return learnt.size() == question.guesses.size() && !question.later ? Outcome::done()
                                                                     : requeue(group, again);
}

Result<std::set<signals::Sender>> LanguageReconciler::ask(const api::EffectivePolicy& policy,
                                                          const PodTable::Members& members,
                                                          const LanguageQuestion& question,
                                                          const std::stop_token& stop) {
  signals::ArrivalQuestion arrival;
  arrival.server = serverOf(policy);
  if (policy.tenant_rule == api::kNamespaceAsTenant) arrival.tenant = members.group.namespace_;
  arrival.scope = {members.group.namespace_, "workload", members.group.name};
  arrival.now = clock_.wall();
  arrival.since = arrival.now - std::min<std::chrono::milliseconds>(question.age, kLongest);
  auto senders = signals::ArrivalReader(*queries_, servers_, kDeadline).senders(arrival, stop);
  slow_.asked(nameOf(arrival.server), senders.ok() ? Status() : senders.status(), clock_.steady());
  return senders;
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
