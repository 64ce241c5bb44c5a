// The list/watch protocol of the Kubernetes API as a pure state machine: it is told what happened
// and says what to do next. No I/O, no threads, no clock but values; reflector.cc drives it.
//
//   list pages ──last page──▶ watch ──clean end, broken stream──▶ watch again from the last version
//       ▲                       │
//       └──────── 410 in any shape, or an answer that makes no sense ────────┘
//
// Numbers are client-go's (tools/cache/reflector.go): pages of 500, a watch of random 5-10
// minutes so that many clients do not reconnect at once, backoff 0.8-30 s with full jitter that
// starts over after two healthy minutes.
//
// Lists ask for no resourceVersion, that is for a consistent read, and for pages. resourceVersion=0
// would be served from the server's cache, but that ignores the page limit (150 000 pods in one
// answer) and may lie in the past of what this process, or the one before it, has already seen.
// Servers since 1.31 answer consistent lists from their cache anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "operator/base/backoff.h"
#include "operator/base/clock.h"
#include "operator/base/status.h"

namespace profiling::kube {

struct WatchTiming {
  BackoffSpec backoff{std::chrono::milliseconds(800), std::chrono::seconds(30)};
  std::chrono::milliseconds healthy_after = std::chrono::minutes(2);
  std::chrono::seconds shortest_watch = std::chrono::minutes(5);
  std::chrono::seconds longest_watch = std::chrono::minutes(10);
  // How much longer than the server's own timeout we wait for a byte before the connection counts
  // as dead: a close by the server may never arrive.
  std::chrono::milliseconds idle_margin = std::chrono::seconds(5);
  // A clean end sooner than this is a server in trouble, not a watch that ran its time.
  std::chrono::milliseconds short_watch = std::chrono::seconds(5);
  // Before a list that came back empty is asked for a second time.
  std::chrono::milliseconds confirm_after = std::chrono::seconds(1);
  int page_size = 500;
};

struct ListStep {
  int limit = 0;
  std::string continue_token;  // empty: the first page, begin a new side buffer
};
struct WatchStep {
  std::string resource_version;
  std::chrono::seconds timeout{0};     // for the server, as timeoutSeconds
  std::chrono::milliseconds idle{0};   // client side: between two pieces of the body
  std::chrono::milliseconds total{0};  // client side: of the whole stream
};
struct WaitStep {
  std::chrono::milliseconds delay{0};
};
using WatchMachineStep = std::variant<ListStep, WatchStep, WaitStep>;

enum class PageVerdict {
  kMore,      // fetch the next page
  kComplete,  // the side buffer replaces what readers see
  kConfirm,   // empty although the store is not: throw the buffer away, the list is asked for again
};

// Not thread-safe. Between two next() exactly one of pageDone, listFailed, watchEnded is called for
// a list or watch step; a wait needs no answer.
class WatchMachine {
 public:
  explicit WatchMachine(WatchTiming timing, std::uint64_t seed = std::random_device{}());

  WatchMachineStep next(SteadyTime now);

  // A page has arrived whole. `items` of this page; `stored`: objects that readers see now.
  PageVerdict pageDone(const std::string& resource_version, const std::string& continue_token,
                       std::size_t items, std::size_t stored);
  void listFailed(const Status& status, SteadyTime now);

  // For every event and every bookmark. An empty version is ignored.
  void eventSeen(const std::string& resource_version);
  // `status` is OK after a clean end. `answered`: the server said so itself (an HTTP error or an
  // ERROR event), as opposed to a connection that failed.
  void watchEnded(const Status& status, bool answered, SteadyTime now);

  const std::string& resourceVersion() const { return resource_version_; }
  bool listing() const { return listing_; }

 private:
  void fail(const Status& status, SteadyTime now);
  std::chrono::milliseconds nextDelay(SteadyTime now);
  void listAgain();
  bool mustList(const Status& status, bool answered) const;

  const WatchTiming timing_;
  Backoff backoff_;
  std::mt19937_64 random_;
  std::optional<std::chrono::milliseconds> wait_;
  std::optional<SteadyTime> last_failure_;

  bool listing_ = true;
  int limit_;
  std::string continue_;
  std::size_t listed_ = 0;
  bool confirming_ = false;  // the list before this one came back empty

  std::string resource_version_;
  SteadyTime watch_started_{};
  bool progress_ = false;      // an event or bookmark came in this watch
  int fruitless_answers_ = 0;  // watches in a row that the server ended before any event
};

}  // namespace profiling::kube
