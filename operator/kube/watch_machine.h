// The list/watch protocol of the Kubernetes API as a pure state machine: it is told what happened
// and says what to do next. No I/O, no threads, no clock but values; reflector.cc drives it.
//
//   streaming list, or list pages ──complete──▶ watch ──clean end, broken stream──▶ watch again
//   from the last version
//       ▲                                         │
//       └──────── 410 in any shape, or an answer that makes no sense ────────┘
//
// Numbers are client-go's (tools/cache/reflector.go): pages of 500, a watch of random 5-10
// minutes so that many clients do not reconnect at once, backoff 0.8-30 s with full jitter that
// starts over after two healthy minutes.
//
// A streaming list is a watch that begins with every object and marks the end of those by a
// bookmark (sendInitialEvents; on by default since Kubernetes 1.34, and a constant cost per object
// for the server). Servers may refuse it, or never send that bookmark
// (kubernetes/kubernetes#140890): then, and after two broken streams in a row, the list is read in
// pages. A refusal or a missing bookmark is remembered for good.
//
// Paged lists ask for no resourceVersion, that is for a consistent read, and for pages.
// resourceVersion=0 would be served from the server's cache, but that ignores the page limit (150
// 000 pods in one answer) and may lie in the past of what this process, or the one before it, has
// already seen. Servers since 1.31 answer consistent lists from their cache anyway.
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
  bool streaming_list = true;
  // Of a whole streaming list; without its last bookmark by then it counts as never coming.
  std::chrono::milliseconds stream_deadline = std::chrono::seconds(60);
};

struct StreamListStep {
  std::chrono::seconds timeout{0};        // for the server, as timeoutSeconds
  std::chrono::milliseconds deadline{0};  // client side, of the whole stream
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
using WatchMachineStep = std::variant<StreamListStep, ListStep, WatchStep, WaitStep>;

enum class PageVerdict {
  kMore,      // fetch the next page
  kComplete,  // the side buffer replaces what readers see
  kConfirm,   // empty although the store is not: throw the buffer away, the list is asked for again
};

// Not thread-safe. Between two next() exactly one of streamDone, streamFailed, pageDone,
// listFailed, watchEnded is called for a list or watch step; a wait needs no answer.
class WatchMachine {
 public:
  explicit WatchMachine(WatchTiming timing, std::uint64_t seed = std::random_device{}());

  WatchMachineStep next(SteadyTime now);

  // The bookmark that ends a streaming list has arrived, after `items` objects; never kMore.
  PageVerdict streamDone(const std::string& resource_version, std::size_t items,
                         std::size_t stored);
  // kInvalidArgument: refused; kDeadlineExceeded: the bookmark did not come.
  void streamFailed(const Status& status, SteadyTime now);
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
  bool streaming() const { return streaming_; }  // not yet given up for good

 private:
  void fail(const Status& status, SteadyTime now);
  std::chrono::milliseconds nextDelay(SteadyTime now);
  void listAgain();
  PageVerdict listed(const std::string& resource_version, std::size_t stored);
  bool mustList(const Status& status, bool answered) const;

  const WatchTiming timing_;
  Backoff backoff_;
  std::mt19937_64 random_;
  std::optional<std::chrono::milliseconds> wait_;
  std::optional<SteadyTime> last_failure_;

  bool listing_ = true;
  int broken_streams_ = 0;  // in a row
  int limit_;
  bool streaming_;
  std::string continue_;
  std::size_t listed_ = 0;
  bool confirming_ = false;  // the list before this one came back empty

  std::string resource_version_;
  SteadyTime watch_started_{};
  bool progress_ = false;      // an event or bookmark came in this watch
  int fruitless_answers_ = 0;  // watches in a row that the server ended before any event
};

}  // namespace profiling::kube
