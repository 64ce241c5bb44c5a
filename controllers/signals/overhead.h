// Recent pod usage: samples of the metrics API.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/signals/metrics.h"
#include "operator/base/mutex.h"

namespace profiling::signals {

// Thread-safe. At most 512 bytes of samples for a pod. Add only namespaces where a rollout is under
// way.
class OverheadSampler {
 public:
  static constexpr std::size_t kSamples = 32;  // per pod; the oldest are overwritten
  // A pod that no list of its namespace has named for this long is forgotten, and so is a namespace
  // that was not added for this long.
  static constexpr std::chrono::minutes kKeep{10};

  // A list of `namespace_` read at `now`. Only samples with a newer timestamp count (the API
  // repeats the last sample until the next one); samples from the future do not.
  void add(std::string_view namespace_, const std::vector<PodUsage>& list, Time now);

  struct Mean {
    std::int64_t cpu_milli = 0, memory_bytes = 0;
    std::int64_t samples = 0;
  };
  // Mean of the samples with a timestamp after `since`; nullopt: there is none. A sample's window
  // may have begun earlier. A StatefulSet's pod comes back under its name, so `since` must not be
  // before the pod's creation.
  std::optional<Mean> mean(std::string_view namespace_, std::string_view pod, Time since) const;
  std::size_t pods() const;

 private:
  struct Sample {
    Time at{};
    std::int64_t cpu_milli = 0, memory_bytes = 0;
  };
  struct Pod {
    std::vector<Sample> ring;
    std::size_t next = 0;  // to be overwritten, when the ring is full
    Time newest{}, seen{};
  };
  struct Namespace {
    std::map<std::string, Pod, std::less<>> pods;
    Time added{};
  };

  mutable Mutex mutex_;
  std::map<std::string, Namespace, std::less<>> namespaces_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::signals
