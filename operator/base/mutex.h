// A mutex whose use the compiler checks. Clang's -Wthread-safety refuses a read or write of a
// PROFILING_GUARDED_BY member without its lock; GCC ignores the annotations.
//
//   class Counter {
//    public:
//     void add() {
//       const MutexLock lock(mutex_);
//       ++count_;
//     }
//    private:
//     void reset() PROFILING_REQUIRES(mutex_) { count_ = 0; }
//     mutable Mutex mutex_;
//     int count_ PROFILING_GUARDED_BY(mutex_) = 0;
//   };
//
// Why our own: libstdc++'s std::mutex carries no annotations, so the analysis does not see it.
// The attributes are those of https://clang.llvm.org/docs/ThreadSafetyAnalysis.html.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#if defined(__clang__)
#define PROFILING_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define PROFILING_THREAD_ANNOTATION(x)
#endif

// On a member: reads and writes need the mutex.
#define PROFILING_GUARDED_BY(mutex) PROFILING_THREAD_ANNOTATION(guarded_by(mutex))
// On a function: the caller holds the mutex.
#define PROFILING_REQUIRES(...) PROFILING_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
// On a function: the caller does not hold the mutex, because the function takes it.
#define PROFILING_EXCLUDES(...) PROFILING_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace profiling {

class PROFILING_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() PROFILING_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() PROFILING_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a mutex for a scope. unlock() and lock() are for loops that release it in between.
class PROFILING_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PROFILING_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() PROFILING_THREAD_ANNOTATION(release_capability()) {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() PROFILING_THREAD_ANNOTATION(release_capability()) {
    mutex_.unlock();
    held_ = false;
  }
  void lock() PROFILING_THREAD_ANNOTATION(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// Waits release the mutex and hold it again when they return. A wait without a predicate may return
// early: callers loop, with the condition in the loop, where the analysis sees the lock.
class CondVar {
 public:
  void notifyOne() { cv_.notify_one(); }
  void notifyAll() { cv_.notify_all(); }

  void wait(Mutex& mutex) PROFILING_REQUIRES(mutex) { cv_.wait(mutex); }
  // False: timed out.
  template <class Clock, class Duration>
  bool waitUntil(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& until)
      PROFILING_REQUIRES(mutex) {
    return cv_.wait_until(mutex, until) == std::cv_status::no_timeout;
  }
  template <class Rep, class Period>
  bool waitFor(Mutex& mutex, const std::chrono::duration<Rep, Period>& time)
      PROFILING_REQUIRES(mutex) {
    return cv_.wait_for(mutex, time) == std::cv_status::no_timeout;
  }
  // Waits for a predicate, which runs under the mutex, or for a stop request. Returns the
  // predicate's last result. The predicate is a lambda that states its lock:
  //   [this]() PROFILING_REQUIRES(mutex_) { return ready_; }
  template <class Predicate>
  bool wait(Mutex& mutex, const std::stop_token& stop, Predicate ready) PROFILING_REQUIRES(mutex) {
    return cv_.wait(mutex, stop, ready);
  }
  template <class Rep, class Period, class Predicate>
  bool waitFor(Mutex& mutex, const std::stop_token& stop,
               const std::chrono::duration<Rep, Period>& time, Predicate ready)
      PROFILING_REQUIRES(mutex) {
    return cv_.wait_for(mutex, stop, time, ready);
  }
  template <class Clock, class Duration, class Predicate>
  bool waitUntil(Mutex& mutex, const std::stop_token& stop,
                 const std::chrono::time_point<Clock, Duration>& until, Predicate ready)
      PROFILING_REQUIRES(mutex) {
    return cv_.wait_until(mutex, stop, until, ready);
  }

 private:
  std::condition_variable_any cv_;
};

}  // namespace profiling
