#include "controllers/engine/gates.h"

#include <algorithm>

#include "controllers/engine/times.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using api::Verdict;

// What one gate says: kPass, kNone (too early), kFail, kError or kInconclusive.
struct Says {
  Verdict result = Verdict::kPass;
  api::Attribution attribution = api::Attribution::kNone;
  std::string reason, message;
  std::vector<std::string> evidence;
};

// Means of pods with enough samples; count 0: none has.
struct Mean {
  std::int64_t cpu = 0, memory = 0, count = 0, samples = 0;
  bool waiting = false;  // some pod has too few yet
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

Says costs(const GateInput& in, GateResult& out) {
  if (!in.gates.max_cpu_percent && !in.gates.max_memory_bytes) return {};
  const std::string hash = templateUnderTest(in);
  const Mean treated = meanOf(in, true, hash);
  Mean control = meanOf(in, false, hash);
  const bool siblings = control.count > 0 || control.waiting;
  if (!siblings && in.baseline && in.baseline->cpu_milli > 0) {
    control = {in.baseline->cpu_milli, in.baseline->memory_bytes, 1, kMinSamples, false};
  }
  if (treated.count == 0 || control.count == 0) {
    if (control.count == 0 && !siblings && in.compared) return {};
    if (!in.sources.metrics) {
      return {Verdict::kError,
              {},
              "MetricsUnavailable",
              "metrics.k8s.io does not answer, so the overhead is not known",
              {}};
    }
    if (control.count == 0 && !siblings) {
      return {
          Verdict::kInconclusive,
          {},
          "NoControlGroup",
          "there is no pod without an agent, and was none before, to compare CPU and memory with",
          {}};
    }
    return {Verdict::kNone, {}, "SamplesMissing", "CPU and memory are being sampled", {}};
  }
  api::Overhead overhead;
  overhead.cpu_percent = (treated.cpu - control.cpu) * 100 / std::max<std::int64_t>(control.cpu, 1);
  overhead.memory_bytes = treated.memory - control.memory;
  overhead.samples = treated.samples + control.samples;
  out.overhead = overhead;
  const std::string means =
      "CPU " + std::to_string(treated.cpu) + "m with and " + std::to_string(control.cpu) +
      "m without this revision; memory " + std::to_string(treated.memory >> 20) + " and " +
      std::to_string(control.memory >> 20) + " MiB (means of " + std::to_string(treated.count) +
      " and " + std::to_string(control.count) + " pods)";
  const auto& cpu = in.gates.max_cpu_percent;
  const auto& memory = in.gates.max_memory_bytes;
  // A workload pays for the pods that carry it; a pod's memory limit knows no mean.
  if (cpu && overhead.cpu_percent * in.share / 100 > *cpu &&
      treated.cpu - control.cpu > kNegligibleMilli) {
    out.too_costly = true;
    return {Verdict::kFail,
            api::Attribution::kAgent,
            "CPUOverhead",
            std::to_string(overhead.cpu_percent) + " % more CPU than without" +
                (in.share < 100 ? " in " + std::to_string(in.share) + " % of the pods, " : ", ") +
                std::to_string(*cpu) + " % are allowed",
            {means}};
  }
  if (memory && overhead.memory_bytes > *memory) {
    out.too_costly = true;
    return {Verdict::kFail,
            api::Attribution::kAgent,
            "MemoryOverhead",
            std::to_string(overhead.memory_bytes >> 20) + " MiB more memory than without, " +
                std::to_string(*memory >> 20) + " MiB are allowed",
            {means}};
  }
  return {};
}

Says profilesArrive(const GateInput& in, GateResult& out) {
  if (!in.gates.profiles_within) return {};
  Says says;
  std::int64_t silent = 0;
  std::int64_t unknown = 0;
  for (const Pod& pod : in.pods) {
    if (pod.deleting || pod.revision != in.revision || pod.reporting == true) continue;
    const Time deadline = std::max(pod.created, in.since) + *in.gates.profiles_within;
    if (in.now < deadline) {
      if (says.result == Verdict::kPass) {
        says = {Verdict::kNone, {}, "ProfilesAwaited", "the first profiles are awaited", {}};
      }
      keepEarlier(out.again, deadline);
      continue;
    }
    ++(pod.reporting ? silent : unknown);
    if (says.evidence.size() < api::kMaxEvidence) {
      says.evidence.push_back("pod " + pod.name + ": no profile");
    }
  }
  if (silent + unknown == 0) return says;
  if (silent == 0 && !in.sources.arrival) {
    return {Verdict::kError,
            {},
            "ArrivalUnknown",
            "the storage server does not answer whether profiles arrive",
            {}};
  }
  says.result = Verdict::kInconclusive;
  says.reason = "ProfilesMissing";
  says.message = std::to_string(silent + unknown) +
                 " profiled pods send no profiles: a network policy, a wrong tenant or an idle "
                 "process would look like this";
  return says;
}

}  // namespace

GateResult evaluateGates(const GateInput& in) {
  GateResult out = checkHealth(in);
  if (out.verdict.result == Verdict::kFail) return out;
  const bool anyone = std::any_of(in.pods.begin(), in.pods.end(), [&](const Pod& pod) {
    return !pod.deleting && pod.revision == in.revision;
  });
  Says worst;
  const auto rank = [](Verdict v) {
    switch (v) {
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
  };
  if (!anyone) {
    worst = {Verdict::kInconclusive,
             {},
             "NoProfiledPods",
             "no pod carries the revision, so nothing is known of it",
             {}};
  } else {
    const bool unready = std::any_of(in.pods.begin(), in.pods.end(), [&](const Pod& pod) {
      return !pod.deleting && pod.revision == in.revision && !pod.ready;
    });
    if (unready) worst = {Verdict::kNone, {}, "NotReadyYet", "profiled pods are not ready yet", {}};
    for (Says& says : std::array{costs(in, out), profilesArrive(in, out)}) {
      if (rank(says.result) > rank(worst.result)) worst = std::move(says);
    }
    if (rank(worst.result) < rank(Verdict::kFail) && !in.sources.server.empty()) {
      worst = {Verdict::kError, {}, "ServerNotReady", in.sources.server, {}};
    }
  }
  out.verdict.result = worst.result;
  out.verdict.attribution = worst.attribution;
  out.verdict.reason = worst.result == Verdict::kPass ? "AllGatesPassed" : worst.reason;
  out.verdict.message = printable(worst.message, 400);
  out.verdict.evidence = std::move(worst.evidence);
  return out;
}

}  // namespace profiling::engine
