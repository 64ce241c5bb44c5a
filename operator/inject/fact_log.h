// Shows a test that an admission works out each fact of a pod once. Only builds with assertions
// keep the log, and only while a FactLog exists on the thread.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace profiling::inject {

enum class Fact {
  kDecision,
  kWorkload,
  kOwnParts,
  kTargets,
  kPprofEndpoint,
  kServiceName,
  kTags,
  kContainerEnv,
  kCarriesAgent,
  kImageHash,
};

class FactLog {
 public:
  FactLog() : outer_(std::exchange(active_, this)) {}
  ~FactLog() { active_ = outer_; }
  FactLog(const FactLog&) = delete;
  FactLog& operator=(const FactLog&) = delete;

  // `subject` identifies the pod, container or text that the fact is about.
  static void add([[maybe_unused]] Fact fact, [[maybe_unused]] const void* subject) {
#ifndef NDEBUG
    if (active_ != nullptr) active_->entries_.emplace_back(fact, subject);
#endif
  }

  std::size_t size() const {
    return entries_.size();
  }
  std::vector<Fact> repeated() const {
    auto sorted = entries_;
    std::ranges::sort(sorted);
    std::vector<Fact> out;
    for (auto at = sorted.begin(); (at = std::adjacent_find(at, sorted.end())) != sorted.end();) {
      out.push_back((at++)->first);
    }
    return out;
  }

 private:
  static inline thread_local FactLog* active_ = nullptr;

  FactLog* const outer_;
  std::vector<std::pair<Fact, const void*>> entries_;
};

}  // namespace profiling::inject
