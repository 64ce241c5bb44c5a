// Runs tasks on threads of its own: those of one lane one after the other, those of different lanes
// side by side. A lane is a server, so one that answers slowly delays its own questions alone.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"

namespace profiling::signals {

// Thread-safe. Threads are started when lanes need them, up to `most_threads`, and then kept. Lanes
// whose last task took longer than `slow` share half of the threads, so that many slow servers leave
// the other half to the rest.
class Lanes {
 public:
  using Task = std::function<void(const std::stop_token& stop)>;

  explicit Lanes(std::size_t most_threads = 16, Millis slow = std::chrono::seconds(2))
      : most_threads_(most_threads), slow_(slow) {}
  ~Lanes() { stop(); }
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  void start();  // tasks added before wait until then
  void stop();   // for good: asks running tasks to stop and waits for them; drops the others
  void add(const std::string& lane, Task task);
  bool empty() const;  // no task waits or runs

 private:
  struct Lane {
    std::deque<Task> tasks;
    bool busy = false;
    bool slow = false;
  };
  using Entry = std::map<std::string, Lane>::iterator;

  void work(const std::stop_token& stop);
  Entry next() PROFILING_REQUIRES(mutex_);  // a lane whose task may run now, or end()
  void done(Entry lane, Millis took) PROFILING_REQUIRES(mutex_);
  void spawn() PROFILING_REQUIRES(mutex_);

  const std::size_t most_threads_;
  const Millis slow_;
  mutable Mutex mutex_;
  CondVar wake_;
  // A lane without a task is kept while it counts as slow.
  std::map<std::string, Lane> lanes_ PROFILING_GUARDED_BY(mutex_);
  std::size_t idle_ PROFILING_GUARDED_BY(mutex_) = 0;  // threads that wait for a task
  std::size_t waiting_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::size_t busy_ PROFILING_GUARDED_BY(mutex_) = 0, slow_busy_ PROFILING_GUARDED_BY(mutex_) = 0;
  bool running_ PROFILING_GUARDED_BY(mutex_) = false, stopped_ PROFILING_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::signals
