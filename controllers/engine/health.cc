// Crashes, images and readiness, and whose fault they are.
#include <algorithm>
#include <array>
#include <cctype>

#include "controllers/engine/gates.h"
#include "controllers/engine/times.h"
#include "operator/base/text.h"

namespace profiling::engine {
namespace {

using api::Attribution;
using api::Verdict;

constexpr std::size_t kMaxEvidenceBytes = 256;

// Signals that code of an agent inside the process can cause: ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS.
bool diedByFault(const Failure& f) {
  static constexpr std::array<std::int64_t, 7> kCodes{132, 133, 134, 135, 136, 139, 159};
  return f.exit_code && std::find(kCodes.begin(), kCodes.end(), *f.exit_code) != kCodes.end();
}

bool namesAgent(std::string message) {
  std::transform(message.begin(), message.end(), message.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(kAgentWords.begin(), kAgentWords.end(), [&](std::string_view word) {
    return message.find(word) != std::string::npos;
  });
}

bool pullsImage(const Failure& f) {
  return f.reason == "ImagePullBackOff" || f.reason == "ErrImagePull" ||
         f.reason == "InvalidImageName" || f.reason == "ErrImageNeverPull" ||
         f.reason == "RegistryUnavailable";
}

std::string evidenceOf(const Pod& pod) {
  std::string line = "pod " + pod.name;
  if (!pod.revision.empty()) line += " (" + pod.revision + ")";
  line += ": " + std::to_string(pod.restarts) + " restarts";
  if (const auto& f = pod.failure) {
    line += ", container " + f->container + " " + f->reason;
    if (f->exit_code) line += ", exit code " + std::to_string(*f->exit_code);
    if (!f->message.empty()) line += ": " + f->message;
  }
  return printable(line, kMaxEvidenceBytes);
}

// The pods that tell what the application does without what is under test.
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
    out.out_of_memory = out.out_of_memory || pod.failure->reason == "OOMKilled";
    out.example = &pod;
  }
  if (in.baseline && in.baseline->restarts > 0) out.crash = true;
  // Without siblings the past is the control group.
  if (!out.any && in.baseline) out.any = true;
  return out;
}

struct Finding {
  Verdict result = Verdict::kNone;
  Attribution attribution = Attribution::kNone;
  std::string reason, message;
};

Finding crashed(const Pod& pod, const Siblings& siblings) {
  const Failure& f = *pod.failure;
  const std::string how = "container '" + printable(f.container, 63) + "' of a profiled pod ended" +
                          (f.exit_code ? " with exit code " + std::to_string(*f.exit_code) : "") +
                          (f.reason.empty() ? "" : " (" + printable(f.reason, 40) + ")");
  if (namesAgent(f.message)) {
    return {Verdict::kFail, Attribution::kAgent, "AgentCrash",
            how + ", and its message names the agent"};
  }
  if (f.reason == "OOMKilled") {
    if (siblings.any && !siblings.out_of_memory) {
      return {Verdict::kFail, Attribution::kAgent, "OOMKilled",
              how + ", and no pod without this revision ran out of memory"};
    }
    return {Verdict::kFail,
            siblings.out_of_memory ? Attribution::kApplication : Attribution::kUnknown, "OOMKilled",
            how};
  }
  if (siblings.crash) {
    return {Verdict::kFail, Attribution::kApplication, "ApplicationCrash",
            how + ", and so do pods that do not have this revision"};
  }
  if (diedByFault(f) && siblings.any) {
    return {Verdict::kFail, Attribution::kAgent, "AgentCrash",
            how + ", a fault inside the process that no pod without this revision has"};
  }
  return {Verdict::kFail, Attribution::kUnknown, "Crash",
          how + "; whether the agent or the application did it is not clear"};
}

Finding imageOrInit(const Failure& f) {
  const std::string name = "container '" + printable(f.container, 63) + "'";
  if (pullsImage(f)) {
    if (f.ours) {
      return {Verdict::kFail, Attribution::kAgent, "AgentImagePull",
              "the image of our init " + name + " cannot be pulled (" + f.reason + ")"};
    }
    return {Verdict::kFail, Attribution::kApplication, "ImagePull",
            "the image of " + name + " cannot be pulled (" + f.reason + ")"};
  }
  return {Verdict::kFail, Attribution::kAgent, "AgentInitFailed",
          "our init " + name + " does not succeed (" + f.reason + ")"};
}

int weight(const Finding& f) {
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

}  // namespace

GateResult checkHealth(const GateInput& in) {
  GateResult out;
  Finding worst;
  std::vector<const Pod*> involved;
  const auto note = [&](Finding found, const Pod& pod) {
    if (weight(found) > weight(worst)) {
      worst = std::move(found);
      involved.insert(involved.begin(), &pod);
    } else {
      involved.push_back(&pod);
    }
  };
  for (const Pod& pod : in.pods) {
    if (pod.deleting || pod.revision != in.revision) continue;
    if (pod.failure && !pod.ready && (pod.failure->ours || pullsImage(*pod.failure))) {
      note(imageOrInit(*pod.failure), pod);
      continue;
    }
    if (pod.restarts > in.gates.max_restarts && pod.failure) {
      note(crashed(pod, siblingsOf(in, pod.template_hash)), pod);
      continue;
    }
    if (pod.ready) continue;
    const Time deadline = pod.created + in.gates.ready_within;
    if (in.now >= deadline) {
      note({Verdict::kFail, Attribution::kUnknown, "NotReady",
            "a profiled pod is not ready " +
                std::to_string(
                    std::chrono::duration_cast<std::chrono::seconds>(in.gates.ready_within)
                        .count()) +
                " s after its start"},
           pod);
    } else {
      keepEarlier(out.again, deadline);
    }
  }
  if (worst.result == Verdict::kNone) return out;
  out.verdict.result = worst.result;
  out.verdict.attribution = worst.attribution;
  out.broke = worst.attribution == Attribution::kAgent &&
              (worst.reason == "AgentCrash" || worst.reason == "OOMKilled");
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
