// Proves that each invariant can fail: an engine that breaks it is caught within a few schedules.
#include <gtest/gtest.h>

#include "tests/simulate/schedule.h"

namespace profiling::simulate {
namespace {

using State = api::WorkloadState;

constexpr std::uint64_t kSchedules = 200;

engine::Decision decideAs(engine::Plan plan, const engine::World& world,
                          const std::function<void(engine::Plan&)>& change) {
  change(plan);
  return engine::decide(plan, world);
}

// The real engine, given a modified plan.
Decide misreading(std::function<void(engine::Plan&)> change) {
  return [change = std::move(change)](const engine::Plan& plan, const engine::World& world) {
    engine::Decision result = decideAs(plan, world, change);
    for (engine::Change& c : result.changes) c.record.max_unavailable = plan.max_unavailable;
    return result;
  };
}

// The real engine with modified output records; `was` is the previous record.
using Edit = std::function<void(const engine::World& world, const api::WorkloadRollout& was,
                                api::WorkloadRollout& record)>;
Decide miswriting(Edit edit) {
  return [edit = std::move(edit)](const engine::Plan& plan, const engine::World& world) {
    engine::Decision result = engine::decide(plan, world);
    for (engine::Change& c : result.changes) {
      if (c.differs) edit(world, world.workloads[c.workload].record, c.record);
    }
    return result;
  };
}

void expectCaught(Rule rule, const Decide& mutant) {
  std::string others;
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    const Outcome out = runSeed(seed, {}, mutant);
    if (!out.violation) continue;
    if (out.violation->rule == rule) return;
    others += std::string(ruleName(out.violation->rule)) + " ";
  }
  FAIL() << "not caught by " << ruleName(rule) << " in " << kSchedules
         << " schedules; rules that caught it: " << others;
}

TEST(Mutants, TheEngineItselfPasses) {
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    const Outcome out = runSeed(seed, {}, engine::decide);
    EXPECT_FALSE(out.violation) << "seed " << seed << ": " << out.violation->message;
  }
}

TEST(Mutants, IgnoresMaxParallel) {
  expectCaught(Rule::kParallel, misreading([](engine::Plan& p) { p.max_parallel = 1000; }));
}

TEST(Mutants, IgnoresMaxUnavailable) {
  expectCaught(Rule::kUnavailable, misreading([](engine::Plan& p) { p.max_unavailable = 50; }));
}

TEST(Mutants, IgnoresPauses) {
  expectCaught(Rule::kForbidden, misreading([](engine::Plan& p) { p.paused = false; }));
}

TEST(Mutants, IgnoresWindows) {
  expectCaught(Rule::kForbidden, misreading([](engine::Plan& p) { p.windows.clear(); }));
}

TEST(Mutants, IgnoresTheCooldown) {
  expectCaught(Rule::kForbidden,
               misreading([](engine::Plan& p) { p.cooldown = engine::Duration{0}; }));
}

TEST(Mutants, RestartsInEveryMode) {
  expectCaught(Rule::kForbidden, [](engine::Plan plan, const engine::World& world) {
    const api::RestartMode mode = std::exchange(plan.mode, api::RestartMode::kManaged);
    engine::Decision result = engine::decide(plan, world);
    for (engine::Change& c : result.changes) c.record.restart_mode = mode;
    return result;
  });
}

TEST(Mutants, GivesAPartialStepToAll) {
  expectCaught(Rule::kAssigned, miswriting([](const auto&, const auto&, auto& r) {
                 r.target_pods.reset();
                 r.first_ordinal.reset();
               }));
}

TEST(Mutants, KeepsAssigningWhatItRejected) {
  expectCaught(Rule::kRejected, miswriting([](const auto&, const auto&, auto& r) {
                 if (!r.rejected_revision.empty()) r.assigned_revision = r.rejected_revision;
               }));
}

TEST(Mutants, TriesARejectedRevisionAgain) {
  expectCaught(Rule::kFlapping, [](const engine::Plan& plan, engine::World world) {
    for (engine::Workload& w : world.workloads) {
      if (w.record.state != State::kRolledBack) continue;
      w.record.state = State::kPending;
      w.record.step = 0;
      w.record.rejected_revision.clear();
    }
    return engine::decide(plan, world);
  });
}

TEST(Mutants, AsksForNoTimer) {
  expectCaught(Rule::kProgress, [](const engine::Plan& plan, const engine::World& world) {
    engine::Decision result = engine::decide(plan, world);
    result.again.reset();
    return result;
  });
}

TEST(Mutants, ForgetsTheFailureBudget) {
  expectCaught(Rule::kFrozen, misreading([](engine::Plan& p) { p.failure_budget = 1'000'000; }));
}

TEST(Mutants, TakesSilenceForHealth) {
  expectCaught(Rule::kSilence, misreading([](engine::Plan& p) {
                 p.gates.profiles_within.reset();
                 p.gates.max_cpu_percent.reset();
               }));
}

TEST(Mutants, EndsByTheClock) {
  expectCaught(Rule::kSameEnd, miswriting([](const engine::World& world, const auto& was, auto& r) {
                 if (r.state != State::kComplete || was.state == State::kComplete) return;
                 if (msOf(world.now) / (10 * kSecond) % 2 == 0) r.rejected_revision = "r9";
               }));
}

TEST(Mutants, BlamesTheAgentForEverything) {
  expectCaught(Rule::kBlame, miswriting([](const auto&, const auto& was, auto& r) {
                 if (r.state != State::kPaused || was.state == State::kPaused) return;
                 if (r.verdict.attribution != api::Attribution::kApplication) return;
                 r.state = State::kRollingBack;
                 r.rejected_revision = r.target_revision;
                 r.assigned_revision = r.stable_revision;
               }));
}

TEST(Mutants, RemembersWhatIsNotRecorded) {
  auto calls = std::make_shared<int>(0);
  expectCaught(Rule::kPure, miswriting([calls](const auto&, const auto&, auto& r) {
                 r.message = std::to_string(++*calls);
               }));
}

TEST(Mutants, ForgetsWhatAnAgentBroke) {
  expectCaught(Rule::kQuarantine, [](const engine::Plan& plan, engine::World world) {
    world.quarantine.clear();
    return engine::decide(plan, world);
  });
}

TEST(Mutants, ForgetsWhatReplacingBrought) {
  expectCaught(Rule::kFruitless,
               miswriting([](const auto&, const auto&, auto& r) { r.replacements.reset(); }));
}

TEST(Mutants, ProbesInEveryWorkloadAtOnce) {
  expectCaught(Rule::kQuarantine, [](const engine::Plan& plan, engine::World world) {
    for (engine::Workload& w : world.workloads) {
      if (w.record.probe) w.images = {w.key};
    }
    return engine::decide(plan, world);
  });
}

}  // namespace
}  // namespace profiling::simulate
