#include "controllers/signals/overhead.h"

namespace profiling::signals {
namespace {

// Node clocks differ slightly.
constexpr std::chrono::minutes kAhead{1};

}  // namespace

void OverheadSampler::add(std::string_view namespace_, const std::vector<PodUsage>& list,
                          Time now) {
  const MutexLock lock(mutex_);
  Namespace& place = namespaces_[std::string(namespace_)];
  place.added = now;
  for (const PodUsage& usage : list) {
    Pod& pod = place.pods[usage.name];
    pod.seen = now;
    if (usage.timestamp <= pod.newest || usage.timestamp > now + kAhead) continue;
    pod.newest = usage.timestamp;
    const Sample sample{usage.timestamp, usage.cpu_milli, usage.memory_bytes};
    if (pod.ring.size() < kSamples) {
      pod.ring.push_back(sample);
    } else {
      pod.ring[pod.next] = sample;
      pod.next = (pod.next + 1) % kSamples;
    }
  }
  std::erase_if(place.pods, [&](const auto& entry) { return now - entry.second.seen > kKeep; });
  std::erase_if(namespaces_, [&](const auto& entry) { return now - entry.second.added > kKeep; });
}

std::optional<OverheadSampler::Mean> OverheadSampler::mean(std::string_view namespace_,
                                                           std::string_view pod, Time since) const {
  const MutexLock lock(mutex_);
  const auto place = namespaces_.find(namespace_);
  if (place == namespaces_.end()) return std::nullopt;
  const auto found = place->second.pods.find(pod);
  if (found == place->second.pods.end()) return std::nullopt;
  Mean mean;
  // A sample is at most 9e15, so 32 of them do not overflow.
  for (const Sample& sample : found->second.ring) {
    if (sample.at <= since) continue;
    mean.cpu_milli += sample.cpu_milli;
    mean.memory_bytes += sample.memory_bytes;
    ++mean.samples;
  }
  if (mean.samples == 0) return std::nullopt;
  mean.cpu_milli /= mean.samples;
  mean.memory_bytes /= mean.samples;
  return mean;
}

std::size_t OverheadSampler::pods() const {
  const MutexLock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [name, place] : namespaces_) count += place.pods.size();
  return count;
}

}  // namespace profiling::signals
