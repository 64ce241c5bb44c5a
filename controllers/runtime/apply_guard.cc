#include "controllers/runtime/apply_guard.h"

#include <algorithm>

namespace profiling::controllers {
namespace {

constexpr Millis kFirst = std::chrono::seconds(1);
constexpr Millis kLongest = std::chrono::minutes(1);
// After this long without a repetition, the next one is a new incident.
constexpr Millis kQuiet = std::chrono::minutes(2);
// Above this many entries, those without a recent write are dropped.
constexpr std::size_t kPruneAbove = 1024;

}  // namespace

std::optional<Millis> ApplyGuard::check(const std::string& object, const std::string& content) {
  const SteadyTime now = clock_.steady();
  const MutexLock lock(mutex_);
  if (entries_.size() > kPruneAbove) {
    std::erase_if(entries_, [&](const auto& e) { return now - e.second.last >= kQuiet; });
  }
  const auto [it, fresh] = entries_.try_emplace(object, Entry{content, now, kFirst});
  Entry& entry = it->second;
  if (fresh) return std::nullopt;
  const auto passed = std::chrono::duration_cast<Millis>(now - entry.last);
  if (entry.content != content || passed >= kQuiet) {
    entry = {content, now, kFirst};
    return std::nullopt;
  }
  if (passed < entry.interval) return entry.interval - passed;
  entry.last = now;
  entry.interval = std::min(entry.interval * 2, kLongest);
  return std::nullopt;
}

void ApplyGuard::forget(const std::string& object) {
  const MutexLock lock(mutex_);
  entries_.erase(object);
}

}  // namespace profiling::controllers
