// Counters, gauges and histograms of this process, served as Prometheus text on the health port.
//
// A thin layer over prometheus-cpp: call sites hold a reference to a series and never look one up
// on a hot path. Thread-safe. ARCHITECTURE.md documents the names; label values come from closed
// sets, never from users.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "operator/base/mutex.h"

namespace profiling::obs {

using Labels = std::map<std::string, std::string>;

class Metrics {
 public:
  Metrics();

  prometheus::Counter& counter(std::string_view name, std::string_view help,
                               const Labels& labels = {});
  prometheus::Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  prometheus::Histogram& histogram(std::string_view name, std::string_view help,
                                   const std::vector<double>& buckets, const Labels& labels = {});

  // `collector` runs before each exposition, to copy figures kept elsewhere into gauges.
  void onCollect(std::function<void()> collector);

  // The text format, version 0.0.4.
  std::string text();

 private:
  prometheus::Registry registry_;
  Mutex mutex_;
  std::map<std::string, prometheus::Family<prometheus::Counter>*, std::less<>> counters_
      PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, prometheus::Family<prometheus::Gauge>*, std::less<>> gauges_
      PROFILING_GUARDED_BY(mutex_);
  std::map<std::string, prometheus::Family<prometheus::Histogram>*, std::less<>> histograms_
      PROFILING_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> collectors_ PROFILING_GUARDED_BY(mutex_);
};

// Sets a counter from a figure that is counted elsewhere and only grows; prometheus-cpp's counters
// can only be incremented.
void raiseTo(prometheus::Counter& counter, std::uint64_t value);

// process_resident_memory_bytes, process_open_fds, process_threads, process_cpu_seconds_total.
void addProcessMetrics(Metrics& metrics);

}  // namespace profiling::obs
