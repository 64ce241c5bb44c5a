#include "operator/obs/metrics.h"

#include <cstdio>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include <prometheus/text_serializer.h>

namespace profiling::obs {
namespace {

// Resident pages are the second figure of /proc/self/statm (proc(5)).
double residentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double entriesOf(const char* folder) {
  DIR* dir = opendir(folder);
  if (dir == nullptr) return 0;
  double n = -2;  // "." and ".."
  while (readdir(dir) != nullptr) ++n;
  closedir(dir);
  return n;
}

double cpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Metric, class Build>
prometheus::Family<Metric>& familyOf(
    std::map<std::string, prometheus::Family<Metric>*, std::less<>>& families,
    std::string_view name, std::string_view help, prometheus::Registry& registry, Build build) {
  const auto it = families.find(name);
  if (it != families.end()) return *it->second;
  auto& family = build().Name(std::string(name)).Help(std::string(help)).Register(registry);
  families.emplace(std::string(name), &family);
  return family;
}

}  // namespace

Metrics::Metrics() = default;

prometheus::Counter& Metrics::counter(std::string_view name, std::string_view help,
                                      const Labels& labels) {
  const MutexLock lock(mutex_);
  return familyOf(counters_, name, help, registry_, prometheus::BuildCounter).Add(labels);
}

prometheus::Gauge& Metrics::gauge(std::string_view name, std::string_view help,
                                  const Labels& labels) {
  const MutexLock lock(mutex_);
  return familyOf(gauges_, name, help, registry_, prometheus::BuildGauge).Add(labels);
}

prometheus::Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                                          const std::vector<double>& buckets,
                                          const Labels& labels) {
  const MutexLock lock(mutex_);
  return familyOf(histograms_, name, help, registry_, prometheus::BuildHistogram)
      .Add(labels, buckets);
}

void Metrics::onCollect(std::function<void()> collector) {
  const MutexLock lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::string Metrics::text() {
  std::vector<std::function<void()>> collectors;
  {
    const MutexLock lock(mutex_);
    collectors = collectors_;
  }
  for (const auto& collect : collectors) collect();
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

void raiseTo(prometheus::Counter& counter, std::uint64_t value) {
  const double missing = static_cast<double>(value) - counter.Value();
  if (missing > 0) counter.Increment(missing);
}

void addProcessMetrics(Metrics& metrics) {
  auto& resident = metrics.gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  auto& fds = metrics.gauge("process_open_fds", "Number of open file descriptors.");
  auto& threads = metrics.gauge("process_threads", "Number of operating system threads.");
  auto& cpu = metrics.gauge("process_cpu_seconds_total", "User and system CPU time in seconds.");
  metrics.onCollect([&resident, &fds, &threads, &cpu] {
    resident.Set(residentBytes());
    fds.Set(entriesOf("/proc/self/fd"));
    threads.Set(entriesOf("/proc/self/task"));
    cpu.Set(cpuSeconds());
  });
}

}  // namespace profiling::obs
