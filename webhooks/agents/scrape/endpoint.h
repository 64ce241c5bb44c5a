// When to scrape one endpoint of the application, and with which parameters. A pure state machine,
// driven by the result of each scrape.
//
// An application may start late, restart, serve only some profiles, or answer every path with a
// page. So an endpoint that answers is scraped every interval; a missing one again after
// kAbsentPause, or at once when the application has been away and is back; while nothing listens,
// it is tried often, because that is cheap and an early profile is valuable; so is one whose answer
// breaks off, because the application restarts; a failing one is tried less and less often.
//
// A CPU profile arrives when it is complete, and what the application's end cuts short is lost. So its
// length is an eighth of the time since the first: a short life is shown but for its last eighth, and a
// start is seen soon.
#pragma once

#include <chrono>
#include <string_view>

#include "operator/base/clock.h"
#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

enum class Answer {
  kProfile,  // a readable profile, with or without samples
  kAbsent,   // 404 and the like
  kAway,     // nothing listens
  kBroken,   // the connection broke within the answer, as when the application ends
  kTooLong,  // the application refuses to profile for that many seconds
  kFailed,   // anything else: 5xx, too slow, too large, not a profile
};

class Endpoint {
 public:
  static constexpr std::chrono::minutes kAbsentPause{10};
  static constexpr std::chrono::seconds kAwayPause{1};

  // `interval` at least a second. `first`: time of the first scrape. `early`: by how much the steady
  // rhythm begins earlier; pods of a rollout start together, and this spreads their uploads.
  Endpoint(Kind kind, Millis interval, SteadyTime first, Millis early = Millis(0));

  Kind kind() const { return kind_; }
  SteadyTime due() const { return due_; }
  std::string_view path() const { return kindRow(kind_).paths.at(path_); }
  // The length of a CPU profile. The rest of the interval is for request and response.
  std::chrono::seconds seconds() const;
  bool absent() const { return absent_; }

  void answered(Answer answer, SteadyTime now);
  // The application is back, maybe in another version: missing or failed endpoints may work now.
  void applicationReturned(SteadyTime now);

 private:
  void failed(SteadyTime now, Millis pause);
  void served(SteadyTime now);
  void beginAnew();
  std::chrono::seconds longestOfStart() const;

  Kind kind_;
  Millis interval_, early_;
  std::chrono::seconds seconds_;
  SteadyTime due_;
  // A CPU profile's lengths grow until the rhythm is steady.
  bool steady_ = false;
  SteadyTime began_{};  // the first CPU profile; 0: none yet
  std::chrono::seconds age_{0};
  std::size_t path_ = 0;
  int failures_ = 0;
  bool absent_ = false;
};

// The Answer for an HTTP status of an endpoint; for 2xx it is kProfile if the body is a profile.
Answer answerOfStatus(Kind kind, int status);

}  // namespace profiling::scrape
