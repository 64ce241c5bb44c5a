// The gates, signal by signal, and what failures are attributed to.
#include "controllers/engine/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/engine/world_builder.h"

namespace profiling::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Case {
  Gates gates;
  Pods pods;
  std::optional<api::Baseline> baseline;
  Sources sources;
  Time now = timeOf("2026-08-03T12:00:00Z");
  bool compared = false;

  // Two pods with the revision, two without, all ready for long.
  Case() {
    for (int i = 0; i < 4; ++i) {
      Pod pod;
      pod.name = "p" + std::to_string(i);
      pod.template_hash = "abc";
      pod.revision = i < 2 ? kTarget : "";
      pod.ready = true;
      pod.created = now - minutes(30);
      pods.push_back(pod);
    }
  }
  Pod& with() { return pods[0]; }
  Pod& without() { return pods[2]; }
  void crash(Pod& pod, std::int64_t code, std::string reason = "Error", std::string message = "") {
    pod.ready = false;
    pod.restarts = 2;
    pod.failure = Failure{"app", false, false, code, std::move(reason), std::move(message)};
  }
  void measure(std::int64_t treated, std::int64_t control, std::int64_t samples = 5) {
    for (Pod& pod : pods) {
      pod.cpu_milli = pod.revision.empty() ? control : treated;
      pod.memory_bytes = *pod.cpu_milli << 20;
      pod.samples = samples;
    }
  }
  GateResult judge() const {
    return evaluateGates(
        {gates, pods, kTarget, baseline, sources, now, now - minutes(20), compared});
  }
  api::GateVerdict verdict() const { return judge().verdict; }
};

TEST(Gates, HealthyPodsPass) {
  EXPECT_EQ(Case().verdict().result, Verdict::kPass);
}

TEST(Gates, NoPodWithTheRevisionIsInconclusive) {
  Case c;
  for (Pod& pod : c.pods) pod.revision.clear();
  EXPECT_EQ(c.verdict().result, Verdict::kInconclusive);
}

TEST(Gates, AFaultInTheProcessThatSiblingsLackIsBlamedOnTheAgent) {
  for (const std::int64_t code : {132, 134, 136, 139}) {
    Case c;
    c.crash(c.with(), code);
    EXPECT_EQ(c.verdict().result, Verdict::kFail);
    EXPECT_EQ(c.verdict().attribution, Attribution::kAgent) << code;
  }
}

TEST(Gates, AMessageThatNamesTheAgentBlamesIt) {
  Case c;
  c.crash(c.with(), 1, "Error", "dlopen(/profiling-agent/java/libasyncProfiler.so) failed");
  EXPECT_EQ(c.verdict().attribution, Attribution::kAgent);
}

TEST(Gates, AnExitCodeAloneIsNoProof) {
  Case c;
  c.crash(c.with(), 1);
  EXPECT_EQ(c.verdict().attribution, Attribution::kUnknown);
}

TEST(Gates, CrashSharedWithSiblingsIsBlamedOnTheApplication) {
  Case c;
  c.crash(c.with(), 139);
  c.crash(c.without(), 139);
  EXPECT_EQ(c.verdict().attribution, Attribution::kApplication);
  EXPECT_EQ(c.verdict().evidence.size(), 2U);
}

TEST(Gates, CrashBeforeTheChangeIsBlamedOnTheApplication) {
  Case c;
  c.baseline = api::Baseline{"", 3, 0, 0};
  c.crash(c.with(), 139);
  EXPECT_EQ(c.verdict().attribution, Attribution::kApplication);
}

TEST(Gates, OutOfMemoryOnlyWithTheRevisionIsBlamedOnTheAgent) {
  Case c;
  c.crash(c.with(), 137, "OOMKilled");
  EXPECT_EQ(c.verdict().attribution, Attribution::kAgent);
  c.crash(c.without(), 137, "OOMKilled");
  EXPECT_EQ(c.verdict().attribution, Attribution::kApplication);
}

TEST(Gates, OurInitContainerAndItsImageAreBlamedOnTheAgent) {
  Case c;
  c.with().ready = false;
  c.with().failure =
      Failure{"profiling-agent-java", true, true, std::nullopt, "ImagePullBackOff", ""};
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kAgentImagePull);
  EXPECT_EQ(c.verdict().attribution, Attribution::kAgent);
  c.with().failure = Failure{"profiling-agent-java", true, true, 1, "Error", ""};
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kAgentInitFailed);
}

TEST(Gates, TheApplicationsOwnImageIsBlamedOnTheApplication) {
  Case c;
  c.with().ready = false;
  c.with().failure = Failure{"app", false, false, std::nullopt, "ErrImagePull", ""};
  EXPECT_EQ(c.verdict().attribution, Attribution::kApplication);
}

TEST(Gates, ReadinessHasADeadline) {
  Case c;
  c.with().ready = false;
  c.with().created = c.now - minutes(4);
  EXPECT_EQ(c.verdict().result, Verdict::kNone);
  EXPECT_EQ(c.judge().again, c.now + minutes(1));
  c.with().created = c.now - minutes(6);
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kNotReady);
  EXPECT_EQ(c.verdict().attribution, Attribution::kUnknown);
}

TEST(Gates, RestartsUpToTheLimitAreForgiven) {
  Case c;
  c.crash(c.with(), 139);
  c.with().ready = true;
  c.gates.max_restarts = 2;
  EXPECT_EQ(c.verdict().result, Verdict::kPass);
}

TEST(Gates, CpuIsComparedWithSiblingsOfTheSameTemplate) {
  Case c;
  c.gates.max_cpu_percent = 20;
  c.measure(115, 100);
  EXPECT_EQ(c.verdict().result, Verdict::kPass);
  c.measure(150, 100);
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kCpuOverhead);
  EXPECT_TRUE(c.judge().too_costly);
  EXPECT_EQ(c.judge().overhead->cpu_percent, 50);
  c.pods[2].template_hash = c.pods[3].template_hash = "another";
  EXPECT_EQ(c.verdict().result, Verdict::kInconclusive);
}

TEST(Gates, NegligibleCpuIsNoOverhead) {
  Case c;
  c.gates.max_cpu_percent = 5;
  c.measure(15, 1);
  EXPECT_EQ(c.verdict().result, Verdict::kPass);
}

TEST(Gates, MemoryOverheadHasItsOwnLimit) {
  Case c;
  c.gates.max_memory_bytes = 10 << 20;
  c.measure(150, 100);
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kMemoryOverhead);
}

TEST(Gates, TooFewSamplesWaitAndAnOutageIsAnError) {
  Case c;
  c.gates.max_cpu_percent = 5;
  c.measure(100, 100, 1);
  EXPECT_EQ(c.verdict().result, Verdict::kNone);
  for (Pod& pod : c.pods) pod.cpu_milli.reset();
  c.sources.metrics = false;
  EXPECT_EQ(c.verdict().result, Verdict::kError);
}

TEST(Gates, WithoutSiblingsTheBaselineOrAnEarlierStepIsTheControl) {
  Case c;
  c.gates.max_cpu_percent = 20;
  for (Pod& pod : c.pods) pod.revision = kTarget;
  c.measure(150, 0);
  EXPECT_EQ(c.verdict().result, Verdict::kInconclusive);
  c.compared = true;
  EXPECT_EQ(c.verdict().result, Verdict::kPass);
  c.baseline = api::Baseline{"", 0, 100, 100 << 20};
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kCpuOverhead);
}

TEST(Gates, MissingProfilesNeverPass) {
  Case c;
  c.gates.profiles_within = minutes(3);
  for (Pod& pod : c.pods) pod.reporting = !pod.revision.empty();
  EXPECT_EQ(c.verdict().result, Verdict::kPass);
  c.with().reporting = false;
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kProfilesMissing);
  EXPECT_EQ(c.verdict().result, Verdict::kInconclusive);
  c.with().reporting.reset();
  EXPECT_EQ(c.verdict().result, Verdict::kInconclusive);
  c.sources.arrival = false;
  EXPECT_EQ(c.verdict().result, Verdict::kError);
  c.with().created = c.now - minutes(1);
  EXPECT_EQ(c.verdict().result, Verdict::kNone) << "it may still come";
}

TEST(Gates, AServerUnderPressureHoldsAPass) {
  Case c;
  c.sources.server = "it refuses profiles (429)";
  EXPECT_EQ(c.verdict().reason, api::RolloutReason::kServerNotReady);
  EXPECT_EQ(c.verdict().result, Verdict::kError);
  c.crash(c.with(), 139);
  EXPECT_EQ(c.verdict().result, Verdict::kFail) << "harm is harm all the same";
}

}  // namespace
}  // namespace profiling::engine
