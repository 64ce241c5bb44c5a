#include "controllers/engine/gates.h"

#include <algorithm>

#include "controllers/engine/times.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using api::Attribution;
using api::Verdict;
using Reason = api::RolloutReason;

// Means of the pods with enough samples; count 0: no pod has.
struct Mean {
  std::int64_t cpu = 0, memory = 0, count = 0, samples = 0;
  bool waiting = false;  // some pod has too few samples yet
};

Mean meanOf(const GateInput& in, bool treated, const std::string& template_hash) {
  Mean mean;
  for (const Pod& pod : in.pods) {
    if (pod.deleting || (pod.revision == in.revision) != treated) continue;
    if (!template_hash.empty() && pod.template_hash != template_hash) continue;
    if (!pod.cpu_milli || !pod.memory_bytes || pod.samples < kMinSamples) {
      mean.waiting = true;
      continue;
    }
    mean.cpu += *pod.cpu_milli;
    mean.memory += *pod.memory_bytes;
    mean.samples += pod.samples;
    ++mean.count;
  }
  if (mean.count > 0) {
    mean.cpu /= mean.count;
    mean.memory /= mean.count;
  }
  return mean;
}

std::string templateUnderTest(const GateInput& in) {
  for (const Pod& pod : in.pods) {
    if (!pod.deleting && pod.revision == in.revision) return pod.template_hash;
  }
  return {};
}

// The pods to compare: those with the revision, and those without it or, if there are none, the
// baseline.
struct Comparison {
  Mean treated, control;
  bool siblings = false;
};

Comparison comparisonOf(const GateInput& in) {
  const std::string hash = templateUnderTest(in);
  Comparison out{meanOf(in, true, hash), meanOf(in, false, hash)};
  out.siblings = out.control.count > 0 || out.control.waiting;
  if (!out.siblings && in.baseline && in.baseline->cpu_milli > 0) {
    out.control = {in.baseline->cpu_milli, in.baseline->memory_bytes, 1, kMinSamples, false};
  }
  return out;
}

GateFinding cannotCompare(const GateInput& in, const Comparison& c) {
  const bool no_control = c.control.count == 0 && !c.siblings;
  if (no_control && in.compared) return {};
  if (!in.sources.metrics) {
    return {Verdict::kError, Attribution::kNone, Reason::kMetricsUnavailable,
            "metrics.k8s.io does not answer, so the overhead is unknown"};
  }
  if (no_control) {
    return {Verdict::kInconclusive, Attribution::kNone, Reason::kNoControlGroup,
            "no pod without an agent exists, or existed before, to compare CPU and memory with"};
  }
  return {Verdict::kNone, Attribution::kNone, Reason::kSamplesMissing,
          "CPU and memory are being sampled"};
}

GateFinding overheadGate(const GateInput& in, GateResult& out) {
  if (!in.gates.max_cpu_percent && !in.gates.max_memory_bytes) return {};
  const Comparison c = comparisonOf(in);
  const Mean& treated = c.treated;
  const Mean& control = c.control;
  if (treated.count == 0 || control.count == 0) return cannotCompare(in, c);
  api::Overhead overhead;
  overhead.cpu_percent = (treated.cpu - control.cpu) * 100 / std::max<std::int64_t>(control.cpu, 1);
  overhead.memory_bytes = treated.memory - control.memory;
  overhead.samples = treated.samples + control.samples;
  out.overhead = overhead;
  const std::string means =
      strCat("CPU ", treated.cpu, "m with and ", control.cpu, "m without this revision; memory ",
             treated.memory >> 20, " and ", control.memory >> 20, " MiB (means of ", treated.count,
             " and ", control.count, " pods)");
  const auto& cpu = in.gates.max_cpu_percent;
  const auto& memory = in.gates.max_memory_bytes;
  // The CPU budget is the workload's: its mean over all pods counts. A memory limit is each pod's.
  if (cpu && overhead.cpu_percent * in.share / 100 > *cpu &&
      treated.cpu - control.cpu > kNegligibleMilli) {
    out.too_costly = true;
    return {Verdict::kFail,
            Attribution::kAgent,
            Reason::kCpuOverhead,
            strCat(overhead.cpu_percent, " % more CPU than without",
                   in.share < 100 ? strCat(" in ", in.share, " % of the pods, ") : ", ", *cpu,
                   " % are allowed"),
            {means}};
  }
  if (memory && overhead.memory_bytes > *memory) {
    out.too_costly = true;
    return {Verdict::kFail,
            Attribution::kAgent,
            Reason::kMemoryOverhead,
            strCat(overhead.memory_bytes >> 20, " MiB more memory than without, ", *memory >> 20,
                   " MiB are allowed"),
            {means}};
  }
  return {};
}

GateFinding arrivalGate(const GateInput& in, GateResult& out) {
  if (!in.gates.profiles_within) return {};
  GateFinding finding;
  std::int64_t silent = 0;
  std::int64_t unknown = 0;
  for (const Pod& pod : in.pods) {
    if (pod.deleting || pod.revision != in.revision || pod.reporting == true) continue;
    const Time deadline = std::max(pod.created, in.since) + *in.gates.profiles_within;
    if (in.now < deadline) {
      if (finding.result == Verdict::kPass) {
        finding = {Verdict::kNone, Attribution::kNone, Reason::kProfilesAwaited,
                   "the first profiles are awaited"};
      }
      keepEarlier(out.again, deadline);
      continue;
    }
    ++(pod.reporting ? silent : unknown);
    if (finding.evidence.size() < api::kMaxEvidence) {
      finding.evidence.push_back(strCat("pod ", pod.name, ": no profile"));
    }
  }
  if (silent + unknown == 0) return finding;
  if (silent == 0 && !in.sources.arrival) {
    return {Verdict::kError, Attribution::kNone, Reason::kArrivalUnknown,
            "the storage server does not report whether profiles arrive"};
  }
  finding.result = Verdict::kInconclusive;
  finding.reason = Reason::kProfilesMissing;
  finding.message = strCat(silent + unknown,
                           " profiled pods send no profiles; possible causes: a network policy, a "
                           "wrong tenant, or an idle process");
  return finding;
}

int severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFail:
      return 4;
    case Verdict::kError:
      return 3;
    case Verdict::kInconclusive:
      return 2;
    case Verdict::kNone:
      return 1;
    case Verdict::kPass:
      return 0;
  }
  return 0;
}

GateFinding worstFinding(const GateInput& in, GateResult& out) {
  const auto profiled = [&](const Pod& pod) {
    return !pod.deleting && pod.revision == in.revision;
  };
  if (std::ranges::none_of(in.pods, profiled)) {
    return {Verdict::kInconclusive, Attribution::kNone, Reason::kNoProfiledPods,
            "no pod carries the revision, so nothing is known about it"};
  }
  GateFinding worst;
  if (std::ranges::any_of(in.pods, [&](const Pod& pod) { return profiled(pod) && !pod.ready; })) {
    worst = {Verdict::kNone, Attribution::kNone, Reason::kNotReadyYet,
             "profiled pods are not ready yet"};
  }
  for (GateFinding& finding : std::array{overheadGate(in, out), arrivalGate(in, out)}) {
    if (severity(finding.result) > severity(worst.result)) worst = std::move(finding);
  }
  if (worst.result != Verdict::kFail && !in.sources.server.empty()) {
    return {Verdict::kError, Attribution::kNone, Reason::kServerNotReady, in.sources.server};
  }
  return worst;
}

}  // namespace

GateResult evaluateGates(const GateInput& in) {
  GateResult out = checkHealth(in);
  if (out.verdict.result == Verdict::kFail) return out;
  GateFinding worst = worstFinding(in, out);
  out.verdict.result = worst.result;
  out.verdict.attribution = worst.attribution;
  out.verdict.reason = worst.reason;
  out.verdict.message = printable(worst.message, 400);
  out.verdict.evidence = std::move(worst.evidence);
  return out;
}

}  // namespace profiling::engine
