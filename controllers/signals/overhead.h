// What pods have used since a moment: samples of the metrics API, kept for a while.
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

// Thread-safe. At most 512 bytes of samples a pod, of the namespaces that are added only: add those
// where something is being rolled out.
class OverheadSampler {
 public:
  static constexpr std::size_t kSamples = 32;  // of one pod; the oldest go first
  // A pod that no list of its namespace has named for so long, and a namespace that was not added
  // for so long, is forgotten.
  static constexpr std::chrono::minutes kKeep{10};

  // A list of `namespace_` that was read at `now`. Of a pod only a sample with a newer timestamp
  // counts (the API repeats the last one until there is another); one from the future does not.
  void add(std::string_view namespace_, const std::vector<PodUsage>& list, Time now);

  struct Mean {
    std::int64_t cpu_milli = 0, memory_bytes = 0;
    std::int64_t samples = 0;
  };
  // Of the samples with a timestamp after `since`; nullopt: there is none. The window that a sample
  // was measured over may have begun before. A StatefulSet's pod comes back under its name, so
  // `since` is not to lie before the pod's creation.
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
