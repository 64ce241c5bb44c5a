// When one endpoint of the application is asked, and with what. Pure: a machine that is told what
// came of each question.
//
// An application may start late, restart, serve only some profiles, or answer every path with a
// page. So: an endpoint that answers is asked every interval; one that is not there is asked again
// after kAbsentPause, or at once when the application came back after it was away; while nobody
// listens it is asked often, since that costs nothing and an early profile is worth having; one
// that fails is asked less and less often.
#pragma once

#include <chrono>
#include <string_view>

#include "operator/base/clock.h"
#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

enum class Answer {
  kProfile,  // one that could be read, with or without samples
  kAbsent,   // 404 and its like
  kAway,     // nobody listens, or the connection broke
  kTooLong,  // the application refuses to profile for so many seconds
  kFailed,   // anything else: 5xx, too slow, too large, not a profile
};

class Endpoint {
 public:
  static constexpr std::chrono::minutes kAbsentPause{10};
  static constexpr std::chrono::seconds kAwayPause{1};

  // `interval` at least a second. `first` is when to ask for the first time.
  Endpoint(Kind kind, Millis interval, SteadyTime first);

  Kind kind() const { return kind_; }
  SteadyTime due() const { return due_; }
  std::string_view path() const { return kindRow(kind_).paths.at(path_); }
  // For a CPU profile: for how long it asks. The rest of the interval is for asking and answering.
  std::chrono::seconds seconds() const { return seconds_; }
  bool absent() const { return absent_; }

  void answered(Answer answer, SteadyTime now);
  // The application came back, maybe as another version: what was missing or failed may work now.
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

// Answer to an HTTP status of an endpoint; 2xx is kProfile if the body turns out to be one.
Answer answerOfStatus(Kind kind, int status);

}  // namespace profiling::scrape
