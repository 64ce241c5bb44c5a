// Watches a folder with tls.crt and tls.key, as kubelet projects a Secret, and provides the newest
// good pair. A bad, half-written or expired pair never replaces a good one; it is counted and
// logged.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/net/tls_source.h"

namespace profiling::tls {

// Thread-safe. Reads the files once when constructed; start() polls them from a thread of its own
// (polling, because kubelet swaps a symlink beside the files and inotify instances can run out).
class FileSource final : public net::TlsSource {
 public:
  explicit FileSource(std::string folder, const Clock& clock = Clock::real());
  ~FileSource() override;

  void start(std::chrono::milliseconds interval = std::chrono::seconds(2));

  std::shared_ptr<const net::TlsMaterial> current() const override;

  // Reads the files now and returns the verdict on them.
  Status reload();

  std::uint64_t reloads() const { return reloads_.load(std::memory_order_relaxed); }
  std::uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }

 private:
  const std::string folder_;
  const Clock& clock_;
  Mutex reload_mutex_;
  // Digest of the files read last, good or bad, and the verdict on them.
  std::string seen_ PROFILING_GUARDED_BY(reload_mutex_);
  Status last_ PROFILING_GUARDED_BY(reload_mutex_);
  std::shared_ptr<const net::TlsMaterial> current_;  // accessed by std::atomic_load and _store
  std::atomic<std::uint64_t> reloads_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::jthread thread_;
};

}  // namespace profiling::tls
