// Waiting for a socket that ends at a deadline or when it is called off.
#pragma once

#include "operator/base/clock.h"
#include "operator/base/status.h"

namespace profiling::scrape {

// Calls off whatever waits with it, once and for ever. Thread-safe. Must outlive those who wait.
class Cancel {
 public:
  Cancel();
  ~Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void fire();
  bool fired() const;
  // Sleeps until `until` or until it is called off; false if it was called off.
  bool sleepUntil(SteadyTime until) const;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// A descriptor that is closed with its owner.
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
// kDeadlineExceeded, kCancelled, or OK when the socket is ready or broken, which the next call on
// it tells.
Status waitFor(int fd, For what, SteadyTime deadline, const Cancel& cancel);

}  // namespace profiling::scrape
