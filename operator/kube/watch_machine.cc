#include "operator/kube/watch_machine.h"

#include <algorithm>
#include <utility>

namespace profiling::kube {
namespace {

constexpr int kLargestPage = 8'000;
// After so many refusals in a row the version we resume from may itself be what the server cannot
// serve (a restored backup counts from an earlier one), so it is asked for a new list.
constexpr int kFruitlessAnswers = 3;
constexpr int kBrokenStreams = 2;
// The total bound of a watch lies above its idle bound: it catches a peer that drips bytes for
// ever.
constexpr std::chrono::milliseconds kTotalMargin = std::chrono::seconds(30);

}  // namespace

WatchMachine::WatchMachine(WatchTiming timing, std::uint64_t seed)
    : timing_(timing),
      backoff_(timing.backoff, seed),
      random_(seed),
      limit_(timing.page_size),
      streaming_(timing.streaming_list) {
}

WatchMachineStep WatchMachine::next(SteadyTime now) {
  if (wait_) return WaitStep{*std::exchange(wait_, std::nullopt)};
  if (listing_) {
    if (streaming_ && broken_streams_ < kBrokenStreams) {
      return StreamListStep{std::chrono::ceil<std::chrono::seconds>(timing_.stream_deadline),
                            timing_.stream_deadline};
    }
    if (continue_.empty()) listed_ = 0;
    return ListStep{limit_, continue_};
  }
  watch_started_ = now;
  progress_ = false;
  const std::chrono::seconds timeout(std::uniform_int_distribution<std::int64_t>(
      timing_.shortest_watch.count(), timing_.longest_watch.count())(random_));
  const auto idle = timeout + timing_.idle_margin;
  return WatchStep{resource_version_, timeout, idle, idle + kTotalMargin};
}

PageVerdict WatchMachine::pageDone(const std::string& resource_version,
                                   const std::string& continue_token, std::size_t items,
                                   std::size_t stored) {
  listed_ += items;
  if (!continue_token.empty()) {
    continue_ = continue_token;
    return PageVerdict::kMore;
  }
  continue_.clear();
  return listed(resource_version, stored);
}

PageVerdict WatchMachine::streamDone(const std::string& resource_version, std::size_t items,
                                     std::size_t stored) {
  listed_ = items;
  return listed(resource_version, stored);
}

void WatchMachine::streamFailed(const Status& status, SteadyTime now) {
  switch (status.code()) {
    case Code::kInvalidArgument:  // the server does not know it, or has it switched off
    case Code::kDeadlineExceeded:
      streaming_ = false;
      return;  // pages, at once
    case Code::kTooLarge:
    case Code::kInternal:
      broken_streams_ = kBrokenStreams;
      break;
    default:
      ++broken_streams_;
  }
  confirming_ = false;
  fail(status, now);
}

PageVerdict WatchMachine::listed(const std::string& resource_version, std::size_t stored) {
  if (listed_ == 0 && stored > 0 && !confirming_) {
    // Servers have been seen to answer 200 with nothing while their own cache was not ready; one
    // such answer must not delete everything.
    confirming_ = true;
    wait_ = timing_.confirm_after;
    return PageVerdict::kConfirm;
  }
  confirming_ = false;
  listing_ = false;
  limit_ = timing_.page_size;
  fruitless_answers_ = 0;
  broken_streams_ = 0;
  resource_version_ = resource_version;
  return PageVerdict::kComplete;
}

void WatchMachine::listFailed(const Status& status, SteadyTime now) {
  if (status.code() == Code::kGone && !continue_.empty()) {
    // The list outlived the server's history: fewer, larger pages have a better chance.
    limit_ = std::min(limit_ * 2, kLargestPage);
  } else if (status.code() == Code::kTooLarge) {
    limit_ = std::max(limit_ / 4, 1);
  }
  listAgain();
  fail(status, now);
}

void WatchMachine::eventSeen(const std::string& resource_version) {
  progress_ = true;
  fruitless_answers_ = 0;
  if (!resource_version.empty()) resource_version_ = resource_version;
}

bool WatchMachine::mustList(const Status& status, bool answered) const {
  switch (status.code()) {
    case Code::kGone:
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kTooLarge:  // resuming would meet the same line again
    case Code::kInternal:  // what came was not a watch
      return true;
    default:
      return answered && fruitless_answers_ >= kFruitlessAnswers;
  }
}

void WatchMachine::watchEnded(const Status& status, bool answered, SteadyTime now) {
  if (status.ok()) {
    if (now - watch_started_ >= timing_.short_watch) return;
    // Closed early but not in vain: go on soon, without growing delays that would make us stale.
    if (progress_) backoff_.reset();
    wait_ = nextDelay(now);
    return;
  }
  if (answered && !progress_ && status.code() != Code::kRateLimited) ++fruitless_answers_;
  if (mustList(status, answered)) listAgain();
  fail(status, now);
}

void WatchMachine::listAgain() {
  listing_ = true;
  continue_.clear();
  confirming_ = false;
}

std::chrono::milliseconds WatchMachine::nextDelay(SteadyTime now) {
  if (last_failure_ && now - *last_failure_ >= timing_.healthy_after) backoff_.reset();
  last_failure_ = now;
  return backoff_.next();
}

void WatchMachine::fail(const Status& status, SteadyTime now) {
  wait_ = nextDelay(now);
  if (const auto asked = status.retryAfter()) {
    wait_ = std::max(*wait_, std::chrono::duration_cast<std::chrono::milliseconds>(*asked));
  }
}

}  // namespace profiling::kube
