#include "controllers/events/correlator.h"

#include <algorithm>
#include <utility>

namespace profiling::controllers {
namespace {

constexpr std::size_t kAlikeBeforeOne = 10;
constexpr std::chrono::minutes kAlikeWindow{10};
constexpr double kBurst = 25;
constexpr std::chrono::minutes kRefill{5};
constexpr std::chrono::minutes kSeriesWindow{6};
constexpr std::chrono::minutes kQuiet{10};

std::string groupKey(const Event& event) {
  return event.regarding.uid + (event.warning ? "|W|" : "|N|") + event.reason;
}

}  // namespace

std::string EventCorrelator::seriesKey(const Event& event, const std::string& note) {
  return groupKey(event) + "|" + note;
}

std::string EventCorrelator::noteFor(const Event& event, SteadyTime now) {
  Alike& alike = alike_.try_emplace(groupKey(event), Alike{{}, now}).first->second;
  if (now - alike.since > kAlikeWindow) alike = {{}, now};
  if (alike.notes.size() < kAlikeBeforeOne) alike.notes.insert(event.note);
  return alike.notes.contains(event.note) ? event.note
                                          : "(one of many such events) " + event.reason;
}

bool EventCorrelator::allowed(const Event& event, SteadyTime now) {
  Bucket& b = buckets_.try_emplace(event.regarding.uid, Bucket{kBurst, now}).first->second;
  const std::chrono::duration<double> passed = now - b.filled;
  b.tokens = std::min(kBurst, b.tokens + passed / std::chrono::duration<double>(kRefill));
  b.filled = now;
  if (b.tokens < 1) return false;
  b.tokens -= 1;
  return true;
}

EventVerdict EventCorrelator::decide(const Event& event, SteadyTime now) {
  prune(now);
  if (!allowed(event, now)) return EventDrop{};
  const std::string note = noteFor(event, now);
  Series& series = series_[seriesKey(event, note)];
  if (!series.name.empty() && now - series.last <= kSeriesWindow) {
    series.last = now;
    return EventRepeat{series.name, note, ++series.count};
  }
  series = {"", 0, now};
  return EventCreate{note};
}

void EventCorrelator::created(const Event& event, const EventCreate& verdict, std::string name) {
  Series& series = series_[seriesKey(event, verdict.note)];
  series.name = std::move(name);
  series.count = 1;
}

void EventCorrelator::forget(const Event& event, const std::string& note) {
  series_.erase(seriesKey(event, note));
}

void EventCorrelator::prune(SteadyTime now) {
  if (now - pruned_ < kQuiet) return;
  pruned_ = now;
  std::erase_if(series_, [&](const auto& s) { return now - s.second.last > kQuiet; });
  std::erase_if(alike_, [&](const auto& a) { return now - a.second.since > kAlikeWindow; });
  // A full bucket needs no entry.
  std::erase_if(buckets_, [&](const auto& b) {
    return b.second.tokens + std::chrono::duration<double>(now - b.second.filled) /
                                 std::chrono::duration<double>(kRefill) >=
           kBurst;
  });
}

}  // namespace profiling::controllers
