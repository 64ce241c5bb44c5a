// Runs the rollout engine in a simulated world: random clusters, plans, faults and kills, all drawn
// from a seed, and checks the invariants in each.
//
//   simulate --schedules 100000 --seed 1      seeds 1..100000, on all cores
//   simulate --replay 4711 --verbose          one seed, with a trace of its events
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/simulate/schedule.h"

namespace profiling::simulate {
namespace {

struct Arguments {
  std::uint64_t schedules = 1000, seed = 1, jobs = 0;
  std::optional<std::uint64_t> replay;
  Limits limits;
  bool verbose = false, keep_going = false, calm = false;
};

std::string commandOf(const Arguments& a, std::uint64_t seed) {
  std::string out = "simulate --replay " + std::to_string(seed);
  if (a.limits.workloads > 0) out += " --workloads " + std::to_string(a.limits.workloads);
  return out + " --verbose";
}

std::string describe(const Arguments& a, std::uint64_t seed, const Violation& v) {
  return "seed " + std::to_string(seed) + ", invariant " +
         std::to_string(static_cast<int>(v.rule)) + " " + std::string(ruleName(v.rule)) + ": " +
         v.message + "\n  replay: " + commandOf(a, seed) + "\n";
}

struct Report {  // a worker sends it through its pipe
  std::uint64_t done = 0, decisions = 0;
  std::int64_t overshoot = 0;
  std::uint64_t violations = 0;
  char text[1000] = {};  // the first violation not yet reported
};

// Each worker takes every n-th seed, so that all of them end at about the same time.
void work(const Arguments& a, std::uint64_t first, std::uint64_t stride, int pipe) {
  Report report;
  auto sent = std::chrono::steady_clock::now();
  const auto send = [&] {
    if (write(pipe, &report, sizeof report) != sizeof report) std::_Exit(2);
    report = {};
    sent = std::chrono::steady_clock::now();
  };
  for (std::uint64_t i = first; i < a.schedules; i += stride) {
    const Outcome out = runSeed(a.seed + i, a.limits, engine::decide);
    ++report.done;
    report.decisions += out.decisions;
    report.overshoot = std::max(report.overshoot, out.overshoot);
    if (out.violation) {
      ++report.violations;
      const std::string text = describe(a, a.seed + i, *out.violation);
      std::strncpy(report.text, text.c_str(), sizeof report.text - 1);
    }
    if (out.violation || std::chrono::steady_clock::now() - sent > std::chrono::milliseconds(500)) {
      send();
    }
    if (out.violation && !a.keep_going) break;
  }
  send();
}

int runAll(const Arguments& a) {
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const std::uint64_t jobs =
      a.jobs > 0 ? a.jobs : std::max(1U, std::thread::hardware_concurrency());
  int pipes[2];
  if (pipe(pipes) != 0) return 2;
  for (std::uint64_t i = 0; i < jobs; ++i) {
    const pid_t child = fork();
    if (child < 0) return 2;
    if (child > 0) continue;
    close(pipes[0]);
    work(a, i, jobs, pipes[1]);
    std::fflush(stdout);
    std::_Exit(0);
  }
  close(pipes[1]);
  Report total;
  double said = 0;
  Report report;
  // A report is smaller than a pipe's atomic write, so none is torn.
  static_assert(sizeof report <= 4096);
  while (read(pipes[0], &report, sizeof report) == sizeof report) {
    total.done += report.done;
    total.decisions += report.decisions;
    total.overshoot = std::max(total.overshoot, report.overshoot);
    total.violations += report.violations;
    if (report.text[0] != 0) std::printf("%s", report.text);
    if (seconds() - said < 2) continue;
    said = seconds();
    std::printf("simulate: %llu of %llu schedules, %.0f s\n",
                static_cast<unsigned long long>(total.done),
                static_cast<unsigned long long>(a.schedules), said);
    std::fflush(stdout);
  }
  bool died = false;
  for (int status = 0; wait(&status) > 0;) died = died || status != 0;
  if (died) std::printf("simulate: a worker died\n");
  std::printf("simulate: %llu decisions; at most %lld pods above targetPods\n",
              static_cast<unsigned long long>(total.decisions),
              static_cast<long long>(total.overshoot));
  std::printf("simulate: %llu schedules, %llu violations, seed %llu..%llu, %.0f s\n",
              static_cast<unsigned long long>(total.done),
              static_cast<unsigned long long>(total.violations),
              static_cast<unsigned long long>(a.seed),
              static_cast<unsigned long long>(a.seed + a.schedules - 1), seconds());
  return died || total.violations > 0 ? 1 : 0;
}

int replay(const Arguments& a) {
  Outcome out;
  if (a.calm) {
    Scenario scenario = makeScenario(*a.replay, a.limits);
    scenario.undisturbed = true;
    out = runSchedule(scenario, engine::decide, a.verbose);
  } else {
    out = runSeed(*a.replay, a.limits, engine::decide, a.verbose);
  }
  if (out.violation) std::printf("%s", describe(a, *a.replay, *out.violation).c_str());
  for (const std::string& end : out.ends) {
    if (a.verbose) std::printf("  %s\n", end.c_str());
  }
  std::printf("simulate: 1 schedules, %d violations, seed %llu..%llu, 0 s\n", out.violation ? 1 : 0,
              static_cast<unsigned long long>(*a.replay),
              static_cast<unsigned long long>(*a.replay));
  return out.violation ? 1 : 0;
}

int usage() {
  std::fprintf(
      stderr,
      "usage: simulate [--schedules N] [--seed S] [--jobs N] [--workloads N] [--keep-going]\n"
      "       simulate --replay SEED [--workloads N] [--verbose] [--calm]\n");
  return 2;
}

}  // namespace
}  // namespace profiling::simulate

int main(int argc, char** argv) {
  using namespace profiling::simulate;
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verbose")
      a.verbose = true;
    else if (name == "--calm")
      a.calm = true;
    else if (name == "--keep-going")
      a.keep_going = true;
    else {
      char* end = nullptr;
      if (i + 1 == argc) return usage();
      const std::uint64_t value = std::strtoull(argv[++i], &end, 10);
      if (*end != 0) return usage();
      if (name == "--schedules")
        a.schedules = value;
      else if (name == "--seed")
        a.seed = value;
      else if (name == "--jobs")
        a.jobs = value;
      else if (name == "--replay")
        a.replay = value;
      else if (name == "--workloads")
        a.limits.workloads = static_cast<std::int64_t>(value);
      else
        return usage();
    }
  }
  return a.replay ? replay(a) : runAll(a);
}
