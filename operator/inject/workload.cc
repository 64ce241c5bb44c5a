#include "operator/inject/fact_log.h"
#include "operator/inject/inject.h"

namespace profiling::inject {
namespace {

bool isDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// `name` without "-suffix", or empty when it does not end in it.
std::string_view without(std::string_view name, std::string_view suffix) {
  if (suffix.empty() || !name.ends_with(suffix)) return {};
  name.remove_suffix(suffix.size());
  if (!name.ends_with('-')) return {};
  name.remove_suffix(1);
  return name;
}

// A CronJob names its Jobs <name>-<minutes since 1970>: eight digits from 1989 to 2159
// (kubernetes/kubernetes, pkg/controller/cronjob/utils.go, getJobName).
std::string_view cronJobOf(std::string_view job) {
  const std::size_t dash = job.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return {};
  const std::string_view suffix = job.substr(dash + 1);
  return suffix.size() == 8 && isDigits(suffix) ? job.substr(0, dash) : std::string_view();
}

}  // namespace

Workload workloadOf(const api::PodView& pod) {
  FactLog::add(Fact::kWorkload, &pod);
  Workload w;
  for (const std::string_view key :
       {"pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"}) {
    if (const auto hash = pod.label(key); hash && w.template_hash.empty()) w.template_hash = *hash;
  }
  const api::OwnerView* owner = nullptr;
  for (const api::OwnerView& o : pod.owners) {
    if (o.controller) owner = &o;
  }
  if (owner == nullptr) {
    w.name = pod.name;
    if (w.name.empty()) {
      w.name = pod.generate_name;
      while (w.name.ends_with('-')) w.name.remove_suffix(1);
    }
    return w;
  }
  w.kind = owner->kind;
  w.name = owner->name;
  if (owner->kind == "ReplicaSet") {
    const auto deployment = without(owner->name, pod.label("pod-template-hash").value_or(""));
    const auto rollout = without(owner->name, pod.label("rollouts-pod-template-hash").value_or(""));
    if (!rollout.empty()) {
      w.kind = "Rollout";
      w.name = rollout;
    } else if (!deployment.empty()) {
      w.kind = "Deployment";
      w.name = deployment;
    }
  } else if (owner->kind == "Job") {
    if (const auto cron_job = cronJobOf(owner->name); !cron_job.empty()) {
      w.kind = "CronJob";
      w.name = cron_job;
    }
  }
  return w;
}

}  // namespace profiling::inject
