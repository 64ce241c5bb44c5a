// When to scrape one endpoint of the application, and with which parameters. A pure state machine,
// driven by the result of each scrape.
//
// An application may start late, restart, serve only some profiles, or answer every path with a
// page. So an endpoint that answers is scraped every interval; a missing one again after
// kAbsentPause, or at once when the application has been away and is back; while nothing listens,
// it is tried often, because that is cheap and an early profile is valuable; a failing one is tried
// less and less often.
#pragma once

#include <chrono>
#include <string_view>

#include "operator/base/clock.h"
#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

enum class Answer {
  kProfile,  // a readable profile, with or without samples
  kAbsent,   // 404 and the like
  kAway,     // nothing listens, or the connection broke
  kTooLong,  // the application refuses to profile for that many seconds
  kFailed,   // anything else: 5xx, too slow, too large, not a profile
};

class Endpoint {
 public:
  static constexpr std::chrono::minutes kAbsentPause{10};
  static constexpr std::chrono::seconds kAwayPause{1};

  // `interval` at least a second. `first`: time of the first scrape.
  Endpoint(Kind kind, Millis interval, SteadyTime first);

  Kind kind() const { return kind_; }
  SteadyTime due() const { return due_; }
  std::string_view path() const { return kindRow(kind_).paths.at(path_); }
  // The length of a CPU profile. The rest of the interval is for request and response.
  std::chrono::seconds seconds() const { return seconds_; }
  bool absent() const { return absent_; }

  void answered(Answer answer, SteadyTime now);
  // The application is back, maybe in another version: missing or failed endpoints may work now.
  void applicationReturned(SteadyTime now);

 private:
  void failed(SteadyTime now);

  Kind kind_;
  Millis interval_;
  std::chrono::seconds seconds_;
  SteadyTime due_;
  std::size_t path_ = 0;
  int failures_ = 0;
  bool absent_ = false;
};

// The Answer for an HTTP status of an endpoint; for 2xx it is kProfile if the body is a profile.
Answer answerOfStatus(Kind kind, int status);

}  // namespace profiling::scrape
