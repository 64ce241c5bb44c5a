// Waits for a socket with a deadline and cancellation.
#pragma once

#include "operator/base/clock.h"
#include "operator/base/status.h"

namespace profiling::scrape {

// Cancels all waits that use it, for good. Thread-safe. Must outlive the waiting threads.
class Cancel {
 public:
  Cancel();
  ~Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void fire();
  bool fired() const;
  // Sleeps until `until`; false if cancelled before.
  bool sleepUntil(SteadyTime until) const;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int release();
  int fd_;
};

enum class For { kReading, kWriting };
// kDeadlineExceeded, kCancelled, or OK if the socket is ready or broken; the next call on it shows
// which.
Status waitFor(int fd, For what, SteadyTime deadline, const Cancel& cancel);

}  // namespace profiling::scrape
