#include "webhooks/agents/scrape/net/wait.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace profiling::scrape {
namespace {

// Rounded up, so that a wait never ends before its deadline.
int millisUntil(SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

bool past(SteadyTime deadline) {
  return std::chrono::steady_clock::now() >= deadline;
}

}  // namespace

Cancel::Cancel() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::bad_alloc();
}

Cancel::~Cancel() {
  ::close(fd_);
}

// Changes what waiting threads see.
void Cancel::fire() {  // NOLINT(readability-make-member-function-const)
  const std::uint64_t one = 1;
  // write() can only fail after 2^64 - 2 calls.
  (void)!::write(fd_, &one, sizeof one);
}

bool Cancel::fired() const {
  pollfd p{fd_, POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

bool Cancel::sleepUntil(SteadyTime until) const {
  while (true) {
    pollfd p{fd_, POLLIN, 0};
    const int n = ::poll(&p, 1, millisUntil(until));
    if (n > 0) return false;
    if (past(until)) return true;
  }
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() {
  return std::exchange(fd_, -1);
}

Status waitFor(int fd, For what, SteadyTime deadline, const Cancel& cancel) {
  while (true) {
    std::array<pollfd, 2> p{{{fd, static_cast<short>(what == For::kReading ? POLLIN : POLLOUT), 0},
                             {cancel.fd(), POLLIN, 0}}};
    const int n = ::poll(p.data(), p.size(), millisUntil(deadline));
    if (n < 0 && errno != EINTR) return {Code::kInternal, std::strerror(errno)};
    if (n > 0 && p[1].revents != 0) return {Code::kCancelled, "called off"};
    if (n > 0 && p[0].revents != 0) return {};
    if (past(deadline)) return {Code::kDeadlineExceeded, "no answer in time"};
  }
}

}  // namespace profiling::scrape
