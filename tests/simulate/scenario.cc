#include "tests/simulate/scenario.h"

#include <algorithm>

#include "tests/simulate/random.h"

namespace profiling::simulate {
namespace {

using Steps = std::vector<std::int64_t>;

std::int64_t drawWorkloads(Random& r, std::uint64_t seed) {
  if (seed % 20'000 == 0) return 2000;
  const std::int64_t size = r.below(100);
  if (size < 80) return r.between(1, 4);
  return size < 97 ? r.between(5, 12) : r.between(13, 60);
}

WorkloadSpec drawWorkload(Random& r, std::int64_t index, bool healthy, bool small,
                          std::size_t waves) {
  WorkloadSpec w;
  const std::int64_t kind = r.below(20);
  w.kind = kind < 11              ? "Deployment"
           : kind < 16            ? "StatefulSet"
           : kind < 19 || healthy ? "DaemonSet"
                                  : "CronJob";
  w.key = "n" + std::to_string(index % 7) + "/" + w.kind + "/w" + std::to_string(index);
  w.wave = static_cast<std::size_t>(r.below(static_cast<std::int64_t>(waves)));
  w.bucket = static_cast<std::uint32_t>(r.below(10000));
  w.replicas = small || r.percent(75) ? r.between(1, 4) : r.between(5, 20);
  w.surges = w.kind == "Deployment" && r.percent(70);
  w.slowest_start = r.between(1, 60) * kSecond;
  w.cpu_milli = r.between(50, 900);
  w.memory_mib = r.between(64, 2048);
  if (healthy) return w;
  w.unsupported = r.percent(3);
  w.paused = w.kind == "Deployment" && r.percent(3);
  w.on_delete = w.kind != "Deployment" && r.percent(8);
  w.partition = w.ordinals() && r.percent(10) ? r.between(1, w.replicas) : 0;
  w.at_maximum = r.percent(4);
  w.budget_spent = r.percent(5);
  w.reverts = r.percent(4);
  return w;
}

template <class T>
const T& oneOf(Random& r, const std::vector<T>& choices) {
  return choices[static_cast<std::size_t>(r.below(static_cast<std::int64_t>(choices.size())))];
}

engine::Plan drawPlan(Random& r, bool healthy, std::int64_t workloads) {
  using std::chrono::minutes;
  engine::Plan plan;
  plan.policy = "p";
  plan.waves = r.percent(20) ? static_cast<std::size_t>(r.between(2, 3)) : 1;
  plan.workload_steps = oneOf(r, std::vector<Steps>{{100}, {100}, {50, 100}, {10, 50, 100}, {40}});
  if (healthy && plan.workload_steps.back() < 100) plan.workload_steps = {100};
  plan.pod_steps = oneOf(r, std::vector<Steps>{{100}, {50, 100}, {10, 50, 100}, {1, 100}});
  plan.max_parallel = workloads > 100 ? 50 : r.between(1, 5);
  plan.failure_budget = r.percent(50) ? 1 : r.between(2, 4);
  plan.approval = !healthy && r.percent(5);
  plan.soak = minutes(r.between(0, 10));
  plan.cooldown = minutes(r.between(0, 15));
  const std::int64_t mode = r.below(100);
  plan.mode = healthy || mode < 70 ? api::RestartMode::kManaged
              : mode < 90          ? api::RestartMode::kOnOwnerChange
                                   : api::RestartMode::kNever;
  const std::int64_t method = r.below(10);
  plan.method = method < 7   ? api::RestartMethod::kAuto
                : method < 9 ? api::RestartMethod::kEvict
                             : api::RestartMethod::kRolloutRestart;
  plan.max_unavailable = r.percent(70) ? 1 : r.between(2, 4);
  if (!healthy && r.percent(12)) {
    engine::Window window;
    for (bool& day : window.days) day = r.percent(80);
    window.days[0] = true;
    window.start = minutes(30 * r.between(0, 8));
    window.length = minutes(30 * r.between(1, 8));
    plan.windows.push_back(window);
  }
  if (r.percent(50)) plan.gates.profiles_within = minutes(3);
  if (r.percent(30)) plan.gates.max_cpu_percent = 5;
  if (r.percent(10)) plan.gates.max_memory_bytes = std::int64_t{128} << 20;
  if (r.percent(20)) plan.gates.on_inconclusive = api::OnInconclusive::kRollBack;
  plan.pause_on_failure = !healthy && r.percent(12);
  plan.observes = !healthy && r.percent(2);
  plan.revisions = {"r1"};
  if (plan.gates.max_cpu_percent && r.percent(60)) plan.revisions = {"r1", "r1a", "r1b"};
  if (r.percent(30)) plan.stable = "r0";
  return plan;
}

void drawFaults(Random& r, Scenario& s, bool lasting) {
  const auto count = static_cast<std::int64_t>(s.workloads.size());
  const auto begin = [&] { return lasting || r.percent(50) ? 0 : r.below(3 * kHour); };
  if (r.percent(25)) {
    Fault f{Fault::Kind::kCrash, r.percent(50) ? -1 : r.below(count), s.plan.revisions[0]};
    f.from = begin();
    if (r.percent(20)) f.kind = Fault::Kind::kNeverReady;
    if (r.percent(20)) f.kind = Fault::Kind::kImagePull;
    s.faults.push_back(f);
  }
  if (r.percent(15)) {
    s.faults.push_back({Fault::Kind::kOverhead, r.percent(50) ? -1 : r.below(count),
                        s.plan.revisions[0], 0, kNever, r.between(10, 80)});
  }
  if (r.percent(10)) {
    s.faults.push_back({Fault::Kind::kSilent, r.percent(50) ? -1 : r.below(count), "r1", begin()});
  }
  for (std::int64_t i = 0; i < count && i < 60; ++i) {
    if (!r.percent(4)) continue;
    Fault f{r.percent(70) ? Fault::Kind::kCrash : Fault::Kind::kNeverReady, i};
    f.from = begin();
    if (!lasting && r.percent(60)) f.until = f.from + r.between(1, 120) * kMinute;
    s.faults.push_back(f);
  }
  if (lasting) return;
  for (const Fault::Kind kind : {Fault::Kind::kNotAsked, Fault::Kind::kRefused}) {
    if (!r.percent(8)) continue;
    Fault f{kind, r.percent(50) ? -1 : r.below(count)};
    f.from = begin();
    if (r.percent(60)) f.until = f.from + r.between(1, 120) * kMinute;
    s.faults.push_back(f);
  }
  for (int i = 0; i < 4; ++i) {
    if (!r.percent(8)) continue;
    const Ms from = r.below(2 * kHour);
    s.outages.push_back({static_cast<Outage::Of>(i), from,
                         r.percent(30) ? kNever : from + r.between(1, 90) * kMinute});
  }
}

void drawScript(Random& r, Scenario& s) {
  const auto count = static_cast<std::int64_t>(s.workloads.size());
  const auto add = [&](Step::Kind kind, Ms at, std::int64_t amount = 0, std::string text = {}) {
    s.script.push_back({kind, at, r.below(count), amount, std::move(text)});
  };
  const auto anyTime = [&] { return r.below(4 * kHour); };
  for (std::int64_t i = r.below(6); i > 0; --i) add(Step::Kind::kPodLost, anyTime());
  for (std::int64_t i = r.below(4); i > 0; --i) add(Step::Kind::kDeploy, anyTime());
  for (std::int64_t i = r.below(3); i > 0; --i) add(Step::Kind::kScale, anyTime(), r.between(0, 9));
  if (r.percent(50)) add(Step::Kind::kOwnerHealed, anyTime());
  const auto perhaps = [&](std::int64_t percent, Step::Kind kind, std::int64_t amount = 0,
                           std::string text = {}) {
    if (r.percent(percent)) add(kind, anyTime(), amount, std::move(text));
  };
  // The next agent arrives sooner if the previous one broke something.
  const bool broke = std::any_of(s.faults.begin(), s.faults.end(), [](const Fault& f) {
    return f.kind == Fault::Kind::kCrash && !f.revision.empty();
  });
  perhaps(broke ? 70 : 25, Step::Kind::kRevision, 0, "r2");
  perhaps(5, Step::Kind::kRevision, 0, "r1");
  if (r.percent(15)) {
    const Ms at = anyTime();
    add(Step::Kind::kPause, at);
    if (r.percent(80)) add(Step::Kind::kResume, at + r.below(kHour));
  }
  perhaps(10, Step::Kind::kAbort);
  perhaps(4, Step::Kind::kPolicyGone);
  perhaps(10, Step::Kind::kRetry);
  perhaps(10, Step::Kind::kPromote, r.below(3));
  perhaps(10, Step::Kind::kBudgets, r.between(1, 4));
  if (r.percent(8)) {
    const Ms at = anyTime();
    add(Step::Kind::kUnavailable, at);
    add(Step::Kind::kAvailable, at + r.below(kHour));
  }
  perhaps(8, Step::Kind::kWishPaused);
  perhaps(8, Step::Kind::kWishSkip);
  perhaps(6, Step::Kind::kWishPin, 0, r.percent(50) ? "r0" : "r1");
  perhaps(15, Step::Kind::kWishNothing);
  perhaps(15, Step::Kind::kApprove);
  if (s.max_restarting > 0 && r.percent(50)) {
    add(Step::Kind::kElsewhere, 0, r.between(0, s.max_restarting));
    add(Step::Kind::kElsewhere, anyTime(), 0);
  }
  for (std::size_t w = 0; w < s.workloads.size() && w < 60; ++w) {
    if (!s.workloads[w].batch()) continue;
    for (Ms at = r.below(kHour); at < 6 * kHour; at += kHour) {
      s.script.push_back({Step::Kind::kRun, at, static_cast<std::int64_t>(w)});
    }
  }
}

void drawKills(Random& r, Scenario& s) {
  for (std::int64_t i = r.below(5); i > 0; --i) {
    Step kill{Step::Kind::kKill, r.below(3 * kHour), 0, r.below(7)};
    kill.overlaps = r.percent(30);
    kill.down = r.between(1, r.percent(20) ? 1200 : 60) * kSecond;
    if (!s.healthy && !s.comparable && r.percent(10)) {
      kill.jump = r.between(-6, 6) * kHour;
      s.jumps = s.jumps || kill.jump != 0;
    }
    s.script.push_back(kill);
  }
}

}  // namespace

Ms longestRollout(const Scenario& s) {
  const engine::Plan& p = s.plan;
  const auto ms = [](engine::Duration d) { return static_cast<Ms>(d.count()); };
  std::int64_t pods = 0;
  for (const WorkloadSpec& w : s.workloads) pods += w.replicas;
  const auto steps = static_cast<Ms>(p.pod_steps.size());
  const auto rungs = static_cast<Ms>(p.revisions.size());
  const Ms step = ms(p.soak) + ms(p.cooldown) + ms(p.gates.ready_within) + 10 * kMinute +
                  ms(p.gates.profiles_within.value_or(engine::Duration{0})) + 4 * s.poll;
  // At worst, each pod is replaced once per rung, one after the other.
  const Ms one = 3 * kMinute + 4 * (s.slowest_watch + s.debounce);
  const auto count = static_cast<Ms>(s.workloads.size());
  return rungs * (pods * one + count * (steps * step + 20 * kMinute)) + 3 * kHour;
}

Scenario makeScenario(std::uint64_t seed, const Limits& limits) {
  Random shape(seed, 1);
  Random script(seed, 2);
  Random kills(seed, 3);
  Scenario s;
  s.seed = seed;
  const std::int64_t sort = shape.below(100);
  s.healthy = sort < 15;
  s.comparable = sort < 30;
  const std::int64_t count = limits.workloads > 0 ? limits.workloads : drawWorkloads(shape, seed);
  s.plan = drawPlan(shape, s.comparable, count);
  for (std::int64_t i = 0; i < count; ++i) {
    s.workloads.push_back(drawWorkload(shape, i, s.comparable, count > 20, s.plan.waves));
    // The first workload decides for all with the same image, so the end would depend on timing.
    s.workloads.back().image = "sha256:" + std::to_string(s.comparable ? i : i / 3);
  }
  s.max_restarting = shape.percent(20) ? shape.between(1, 6) : 0;
  s.slowest_watch = shape.between(1, shape.percent(20) ? 25 : 8) * kSecond;
  s.debounce = (shape.percent(10) ? 2 : shape.between(8, 30)) * kSecond;
  s.poll = shape.between(1, 4) * kMinute;
  s.replicas = shape.between(1, 3);
  if (!s.healthy) drawFaults(script, s, s.comparable);
  if (!s.comparable) drawScript(script, s);
  if (s.comparable)
    s.plan.failure_budget = 100'000;  // which workload fails first depends on timing
  drawKills(kills, s);
  std::stable_sort(s.script.begin(), s.script.end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
  s.horizon = 4 * kHour + longestRollout(s);
  if (!s.comparable) s.horizon = std::min(s.horizon, 12 * kHour);
  return s;
}

}  // namespace profiling::simulate
