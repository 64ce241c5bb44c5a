// Crashes, images and readiness, and their attribution.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "controllers/engine/gates.h"
#include "controllers/engine/times.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using api::Attribution;
using api::Verdict;
using Reason = api::RolloutReason;

constexpr std::size_t kMaxEvidenceBytes = 256;

// Signals that agent code inside the process can cause: ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS.
bool diedByFault(const Failure& f) {
  static constexpr std::array<std::int64_t, 7> kCodes{132, 133, 134, 135, 136, 139, 159};
  return f.exit_code && std::ranges::find(kCodes, *f.exit_code) != kCodes.end();
}

bool namesAgent(std::string message) {
  std::transform(message.begin(), message.end(), message.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(
      kAgentWords, [&](std::string_view word) { return message.find(word) != std::string::npos; });
}

// The kubelet's reasons for a container that waits for its image, and for one out of memory.
constexpr std::array<std::string_view, 5> kPullFailures{"ImagePullBackOff", "ErrImagePull",
                                                        "InvalidImageName", "ErrImageNeverPull",
                                                        "RegistryUnavailable"};
constexpr std::string_view kOutOfMemory = "OOMKilled";

bool pullsImage(const Failure& f) {
  return std::ranges::find(kPullFailures, f.reason) != kPullFailures.end();
}

std::string evidenceOf(const Pod& pod) {
  std::string line = strCat("pod ", pod.name);
  if (!pod.revision.empty()) strAppend(line, " (", pod.revision, ")");
  strAppend(line, ": ", pod.restarts, " restarts");
  if (const auto& f = pod.failure) {
    strAppend(line, ", container ", f->container, " ", f->reason);
    if (f->exit_code) strAppend(line, ", exit code ", *f->exit_code);
    if (!f->message.empty()) strAppend(line, ": ", f->message);
  }
  return printable(line, kMaxEvidenceBytes);
}

// Pods without the revision: how the application behaves without it.
struct Siblings {
  bool any = false;
  bool crash = false;  // one of them does
  bool out_of_memory = false;
  const Pod* example = nullptr;  // of a crash
};

Siblings siblingsOf(const GateInput& in, const std::string& template_hash) {
  Siblings out;
  for (const Pod& pod : in.pods) {
    if (pod.deleting || pod.revision == in.revision) continue;
    if (!template_hash.empty() && pod.template_hash != template_hash) continue;
    out.any = true;
    if (!pod.failure || (pod.restarts == 0 && pod.ready)) continue;
    if (pod.failure->ours) continue;
    out.crash = true;
    out.out_of_memory = out.out_of_memory || pod.failure->reason == kOutOfMemory;
    out.example = &pod;
  }
  if (in.baseline && in.baseline->restarts > 0) out.crash = true;
  // Without siblings the baseline is the control group.
  if (!out.any && in.baseline) out.any = true;
  return out;
}

GateFinding crashed(const Pod& pod, const Siblings& siblings) {
  const Failure& f = *pod.failure;
  const std::string how =
      strCat("container '", printable(f.container, 63), "' of a profiled pod ended",
             f.exit_code ? strCat(" with exit code ", *f.exit_code) : "",
             f.reason.empty() ? "" : strCat(" (", printable(f.reason, 40), ")"));
  if (namesAgent(f.message)) {
    return {Verdict::kFail, Attribution::kAgent, Reason::kAgentCrash,
            how + ", and its message names the agent"};
  }
  if (f.reason == kOutOfMemory) {
    if (siblings.any && !siblings.out_of_memory) {
      return {Verdict::kFail, Attribution::kAgent, Reason::kOomKilled,
              how + ", and no pod without this revision ran out of memory"};
    }
    return {Verdict::kFail,
            siblings.out_of_memory ? Attribution::kApplication : Attribution::kUnknown,
            Reason::kOomKilled, how};
  }
  if (siblings.crash) {
    return {Verdict::kFail, Attribution::kApplication, Reason::kApplicationCrash,
            how + ", and pods without this revision crash too"};
  }
  if (diedByFault(f) && siblings.any) {
    return {Verdict::kFail, Attribution::kAgent, Reason::kAgentCrash,
            how + ", a fault inside the process that no pod without this revision has"};
  }
  return {Verdict::kFail, Attribution::kUnknown, Reason::kCrash,
          how + "; whether the agent or the application is the cause is unclear"};
}

GateFinding imageOrInit(const Failure& f) {
  const std::string name = strCat("container '", printable(f.container, 63), "'");
  if (!pullsImage(f)) {
    return {Verdict::kFail, Attribution::kAgent, Reason::kAgentInitFailed,
            strCat("our init ", name, " does not succeed (", f.reason, ")")};
  }
  if (f.ours) {
    return {Verdict::kFail, Attribution::kAgent, Reason::kAgentImagePull,
            strCat("the image of our init ", name, " cannot be pulled (", f.reason, ")")};
  }
  return {Verdict::kFail, Attribution::kApplication, Reason::kImagePull,
          strCat("the image of ", name, " cannot be pulled (", f.reason, ")")};
}

int weight(const GateFinding& f) {
  if (f.result != Verdict::kFail) return 0;
  switch (f.attribution) {
    case Attribution::kAgent:
      return 4;
    case Attribution::kUnknown:
      return 3;
    case Attribution::kApplication:
      return 2;
    case Attribution::kNone:
      return 1;
  }
  return 0;
}

// What is wrong with one profiled pod; nullopt: nothing yet.
std::optional<GateFinding> findingOf(const GateInput& in, const Pod& pod, GateResult& out) {
  if (pod.failure && !pod.ready && (pod.failure->ours || pullsImage(*pod.failure))) {
    return imageOrInit(*pod.failure);
  }
  if (pod.restarts > in.gates.max_restarts && pod.failure) {
    return crashed(pod, siblingsOf(in, pod.template_hash));
  }
  if (pod.ready) return std::nullopt;
  const Time deadline = pod.created + in.gates.ready_within;
  if (in.now < deadline) {
    keepEarlier(out.again, deadline);
    return std::nullopt;
  }
  const auto allowed = std::chrono::duration_cast<std::chrono::seconds>(in.gates.ready_within);
  return GateFinding{Verdict::kFail, Attribution::kUnknown, Reason::kNotReady,
                     strCat("a profiled pod is not ready ", allowed.count(), " s after its start")};
}

}  // namespace

GateResult checkHealth(const GateInput& in) {
  GateResult out;
  GateFinding worst;
  std::vector<const Pod*> involved;  // the pod of the worst finding first
  for (const Pod& pod : in.pods) {
    if (pod.deleting || pod.revision != in.revision) continue;
    auto finding = findingOf(in, pod, out);
    if (!finding) continue;
    const bool worse = weight(*finding) > weight(worst);
    involved.insert(worse ? involved.begin() : involved.end(), &pod);
    if (worse) worst = *std::move(finding);
  }
  if (involved.empty()) return out;
  out.verdict.result = worst.result;
  out.verdict.attribution = worst.attribution;
  out.broke = worst.attribution == Attribution::kAgent &&
              (worst.reason == Reason::kAgentCrash || worst.reason == Reason::kOomKilled);
  out.verdict.reason = worst.reason;
  out.verdict.message = printable(worst.message, 400);
  for (const Pod* pod : involved) {
    if (out.verdict.evidence.size() == api::kMaxEvidence) break;
    out.verdict.evidence.push_back(evidenceOf(*pod));
  }
  if (worst.attribution == Attribution::kApplication) {
    const Siblings siblings = siblingsOf(in, involved.front()->template_hash);
    if (siblings.example != nullptr && out.verdict.evidence.size() < api::kMaxEvidence) {
      out.verdict.evidence.push_back(evidenceOf(*siblings.example));
    }
  }
  return out;
}

}  // namespace profiling::engine
