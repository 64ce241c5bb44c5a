#include "operator/kube/watch_machine.h"

#include <algorithm>
#include <utility>

namespace profiling::kube {
namespace {

constexpr int kLargestPage = 8'000;
// After this many refusals in a row the server may be unable to serve the version we resume from (a
// restored backup counts from an earlier one), so the machine lists again.
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
      streaming_(timing.streaming_list),
      page_limit_(timing.page_size),
      state_(Listing{.limit = timing.page_size}) {
}

std::string_view WatchMachine::resourceVersion() const {
  const auto* watch = std::get_if<Watching>(&state_);
  return watch == nullptr ? std::string_view() : watch->resource_version;
}

WatchMachineStep WatchMachine::next(SteadyTime now) {
  if (wait_) return WaitStep{*std::exchange(wait_, std::nullopt)};
  if (auto* list = std::get_if<Listing>(&state_)) return nextList(*list);
  return nextWatch(std::get<Watching>(state_), now);
}

WatchMachineStep WatchMachine::nextList(Listing& list) const {
  if (streaming_ && list.broken_streams < kBrokenStreams) {
    return StreamListStep{std::chrono::ceil<std::chrono::seconds>(timing_.stream_deadline),
                          timing_.stream_deadline};
  }
  if (list.continue_token.empty()) list.items = 0;
  return ListStep{list.limit, list.continue_token};
}

WatchMachineStep WatchMachine::nextWatch(Watching& watch, SteadyTime now) {
  watch.started = now;
  watch.progress = false;
  const std::chrono::seconds timeout(std::uniform_int_distribution<std::int64_t>(
      timing_.shortest_watch.count(), timing_.longest_watch.count())(random_));
  const auto idle = timeout + timing_.idle_margin;
  return WatchStep{watch.resource_version, timeout, idle, idle + kTotalMargin};
}

PageVerdict WatchMachine::pageDone(const std::string& resource_version,
                                   const std::string& continue_token, std::size_t items,
                                   std::size_t stored) {
  auto& list = std::get<Listing>(state_);
  list.items += items;
  list.continue_token = continue_token;
  if (!continue_token.empty()) return PageVerdict::kMore;
  page_limit_ = std::min(list.shrunk ? list.limit : list.limit * 2, timing_.page_size);
  return listed(resource_version, stored);
}

PageVerdict WatchMachine::streamDone(const std::string& resource_version, std::size_t items,
                                     std::size_t stored) {
  std::get<Listing>(state_).items = items;
  return listed(resource_version, stored);
}

void WatchMachine::streamFailed(const Status& status, SteadyTime now) {
  auto& list = std::get<Listing>(state_);
  switch (status.code()) {
    case Code::kInvalidArgument:  // the server does not know it, or has it switched off
    case Code::kDeadlineExceeded:
      streaming_ = false;
      return;  // pages, at once
    case Code::kTooLarge:
    case Code::kInternal:
      list.broken_streams = kBrokenStreams;
      break;
    default:
      ++list.broken_streams;
  }
  list.confirming = false;
  fail(status, now);
}

PageVerdict WatchMachine::listed(const std::string& resource_version, std::size_t stored) {
  auto& list = std::get<Listing>(state_);
  if (list.items == 0 && stored > 0 && !list.confirming) {
    // Servers have been seen to answer 200 with nothing while their own cache was not ready; one
    // such answer must not delete everything.
    list.confirming = true;
    wait_ = timing_.confirm_after;
    return PageVerdict::kConfirm;
  }
  state_ = Watching{.resource_version = resource_version};
  return PageVerdict::kComplete;
}

void WatchMachine::listFailed(const Status& status, SteadyTime now) {
  auto& list = std::get<Listing>(state_);
  if (status.code() == Code::kGone && !list.continue_token.empty()) {
    // The list outlived the server's history: fewer, larger pages have a better chance.
    list.limit = std::min(list.limit * 2, kLargestPage);
  } else if (status.code() == Code::kTooLarge) {
    list.limit = std::max(list.limit / 4, 1);
    list.shrunk = true;
  }
  list.continue_token.clear();
  list.confirming = false;
  fail(status, now);
}

void WatchMachine::eventSeen(const std::string& resource_version) {
  auto& watch = std::get<Watching>(state_);
  watch.progress = true;
  watch.fruitless_answers = 0;
  if (!resource_version.empty()) watch.resource_version = resource_version;
}

bool WatchMachine::mustList(const Watching& watch, const Status& status, bool answered) {
  switch (status.code()) {
    case Code::kGone:
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kTooLarge:
    case Code::kInternal:  // the answer was not a watch
      return true;
    default:
      return answered && watch.fruitless_answers >= kFruitlessAnswers;
  }
}

void WatchMachine::watchEnded(const Status& status, bool answered, SteadyTime now) {
  auto& watch = std::get<Watching>(state_);
  if (status.ok()) {
    if (now - watch.started >= timing_.short_watch) return;
    // Closed early but not in vain: go on soon, without growing delays that would make us stale.
    if (watch.progress) backoff_.reset();
    wait_ = nextDelay(now);
    return;
  }
  if (answered && !watch.progress && status.code() != Code::kRateLimited) ++watch.fruitless_answers;
  if (mustList(watch, status, answered)) state_ = Listing{.limit = page_limit_};
  fail(status, now);
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
