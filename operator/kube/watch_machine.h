// The list/watch protocol of the Kubernetes API as a pure state machine: events go in, the next step
// comes out. No I/O, no threads, no clock but values; reflector.cc drives it.
//
//   streaming list, or list pages
//       │ complete                ▲ 410 in any shape,
//       ▼                         │ or an answer that makes no sense
//   watch from the last version ──┘
//       └─▶ after a clean end or a broken stream: watch again
//
// Numbers are client-go's (tools/cache/reflector.go): pages of 500; a watch of random 5-10 minutes,
// so that many clients do not reconnect at once; backoff 0.8-30 s with full jitter, which starts
// over after two healthy minutes.
//
// A streaming list is a watch that begins with every object and marks their end by a bookmark
// (sendInitialEvents; on by default since Kubernetes 1.34, and a constant cost per object for the
// server). Servers may refuse it, or never send that bookmark (kubernetes/kubernetes#140890): then,
// and after two broken streams in a row, the list is read in pages. A refusal or a missing bookmark
// is remembered for good.
//
// Pages that were too large for this client stay small at later lists. A paged list without such a
// failure doubles them again for the next, up to their usual size.
//
// Paged lists set a limit and no resourceVersion, which asks for a consistent read. With
// resourceVersion=0 the server would answer from its cache, but ignore the limit (150,000 pods in
// one answer), and the answer may be older than what this process, or the one before it, has already
// seen. Servers since 1.31 answer consistent lists from their cache anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
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
  // Without a byte for this long after the server's own timeout the connection counts as dead: a
  // close by the server may never arrive.
  std::chrono::milliseconds idle_margin = std::chrono::seconds(5);
  // A clean end sooner than this is a server in trouble, not a watch that ran its time.
  std::chrono::milliseconds short_watch = std::chrono::seconds(5);
  // Pause before an empty list is requested a second time.
  std::chrono::milliseconds confirm_after = std::chrono::seconds(1);
  int page_size = 500;
  bool streaming_list = true;
  // For a whole streaming list; a bookmark that is missing by then counts as never coming.
  std::chrono::milliseconds stream_deadline = std::chrono::seconds(60);
};

struct StreamListStep {
  std::chrono::seconds timeout{0};        // for the server, as timeoutSeconds
  std::chrono::milliseconds deadline{0};  // client side, for the whole stream
};

struct ListStep {
  int limit = 0;
  std::string continue_token;  // empty: the first page, begin a new side buffer
};
struct WatchStep {
  std::string resource_version;
  std::chrono::seconds timeout{0};     // for the server, as timeoutSeconds
  std::chrono::milliseconds idle{0};   // client side: between two pieces of the body
  std::chrono::milliseconds total{0};  // client side: for the whole stream
};
struct WaitStep {
  std::chrono::milliseconds delay{0};
};
using WatchMachineStep = std::variant<StreamListStep, ListStep, WatchStep, WaitStep>;

enum class PageVerdict {
  kMore,      // fetch the next page
  kComplete,  // the side buffer replaces what readers see
  kConfirm,   // empty although the store is not: drop the buffer, the list is requested again
};

// Not thread-safe. After each list or watch step, exactly one of streamDone, streamFailed, pageDone,
// listFailed, watchEnded is called before the next next(); a wait step needs no call.
class WatchMachine {
 public:
  explicit WatchMachine(WatchTiming timing, std::uint64_t seed = std::random_device{}());

  WatchMachineStep next(SteadyTime now);

  // The bookmark that ends a streaming list has arrived, after `items` objects; never returns kMore.
  PageVerdict streamDone(const std::string& resource_version, std::size_t items,
                         std::size_t stored);
  // kInvalidArgument: refused; kDeadlineExceeded: the bookmark did not come.
  void streamFailed(const Status& status, SteadyTime now);
  // A page has arrived whole. `items`: on this page; `stored`: objects that readers see now.
  PageVerdict pageDone(const std::string& resource_version, const std::string& continue_token,
                       std::size_t items, std::size_t stored);
  void listFailed(const Status& status, SteadyTime now);

  // For every event and every bookmark. An empty version is ignored.
  void eventSeen(const std::string& resource_version);
  // `status` is OK after a clean end. `answered`: the server itself reported the error (by HTTP
  // status or ERROR event); false: the connection failed.
  void watchEnded(const Status& status, bool answered, SteadyTime now);

  // Where the current watch stands; empty while a list is read.
  std::string_view resourceVersion() const;
  bool listing() const { return std::holds_alternative<Listing>(state_); }
  bool streaming() const { return streaming_; }  // not yet given up for good

 private:
  struct Listing {
    int limit;
    bool shrunk = false;              // a page was too large
    int broken_streams = 0;           // in a row
    std::string continue_token = {};  // empty: the first page
    std::size_t items = 0;
    bool confirming = false;  // the list before this one came back empty
  };
  struct Watching {
    std::string resource_version;
    SteadyTime started{};
    bool progress = false;      // an event or bookmark came in this watch
    int fruitless_answers = 0;  // watches in a row that the server ended before any event
  };

  WatchMachineStep nextList(Listing& list) const;
  WatchMachineStep nextWatch(Watching& watch, SteadyTime now);
  PageVerdict listed(const std::string& resource_version, std::size_t stored);
  static bool mustList(const Watching& watch, const Status& status, bool answered);
  std::chrono::milliseconds nextDelay(SteadyTime now);
  void fail(const Status& status, SteadyTime now);

  const WatchTiming timing_;
  Backoff backoff_;
  std::mt19937_64 random_;
  bool streaming_;
  int page_limit_;  // of the next list's pages
  std::variant<Listing, Watching> state_;
  std::optional<std::chrono::milliseconds> wait_;  // before the next step
  std::optional<SteadyTime> last_failure_;
};

}  // namespace profiling::kube
