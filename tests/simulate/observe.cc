#include "tests/simulate/observe.h"

#include <algorithm>

namespace profiling::simulate {
namespace {

void measure(const Scenario& s, std::int64_t index, const SimWorkload& w, const SimPod& from,
             Ms now, engine::Pod& pod) {
  std::int64_t overhead = from.revision.empty() ? 0 : 2;
  bool silent = false;
  for (const Fault& fault : s.faults) {
    if (!fault.hits(index, from.revision, now) || fault.revision.empty()) continue;
    if (fault.kind == Fault::Kind::kOverhead) overhead = fault.amount;
    if (fault.kind == Fault::Kind::kSilent) silent = true;
  }
  const Ms age = now - from.ready_since;
  if (from.ready && age >= kMinute && !out(s, Outage::Of::kMetrics, now)) {
    pod.samples = std::min<Ms>(age / (30 * kSecond), 60);
    pod.cpu_milli = w.spec->cpu_milli * (100 + overhead) / 100;
    pod.memory_bytes = (w.spec->memory_mib + (from.revision.empty() ? 0 : 30)) << 20;
  }
  if (from.revision.empty() || out(s, Outage::Of::kArrival, now)) return;
  if (!silent && from.ready && age >= 20 * kSecond) {
    pod.reporting = true;
  } else if (now - from.created >= 3 * kMinute) {
    pod.reporting = false;
  }
}

}  // namespace

bool out(const Scenario& scenario, Outage::Of what, Ms now) {
  return std::any_of(scenario.outages.begin(), scenario.outages.end(), [&](const Outage& o) {
    return o.of == what && now >= o.from && now < o.until;
  });
}

engine::Sources observeSources(const Scenario& scenario, Ms now) {
  engine::Sources sources;
  sources.metrics = !out(scenario, Outage::Of::kMetrics, now);
  sources.arrival = !out(scenario, Outage::Of::kArrival, now);
  if (out(scenario, Outage::Of::kServer, now)) sources.server = "the server is not ready";
  return sources;
}

std::shared_ptr<const engine::Pods> observePods(const Scenario& scenario, std::size_t index,
                                                const SimWorkload& workload, Ms now,
                                                const std::set<std::string>& asked) {
  auto pods = std::make_shared<engine::Pods>();
  pods->reserve(workload.pods.size());
  for (const SimPod& from : workload.pods) {
    engine::Pod& pod = pods->emplace_back();
    pod.name = from.name();
    pod.uid = from.uid();
    pod.revision = from.revision;
    pod.template_hash = "t" + std::to_string(from.generation);
    pod.ordinal = from.ordinal;
    pod.ready = from.ready;
    pod.deleting = from.deleting || asked.contains(pod.uid);
    pod.eligible = !workload.spec->unsupported;
    pod.answer = from.answer;
    // As the API server writes it.
    pod.created = std::chrono::floor<std::chrono::seconds>(timeAt(from.created));
    pod.restarts = from.restarts;
    pod.failure = from.failure;
    measure(scenario, static_cast<std::int64_t>(index), workload, from, now, pod);
  }
  return pods;
}

}  // namespace profiling::simulate
