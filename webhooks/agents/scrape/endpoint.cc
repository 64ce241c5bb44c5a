#include "webhooks/agents/scrape/endpoint.h"

#include <algorithm>

namespace profiling::scrape {
namespace {

std::chrono::seconds cpuSeconds(Millis interval) {
  using std::chrono::seconds;
  const auto whole = std::chrono::duration_cast<seconds>(interval);
  return std::max(seconds(1), whole - seconds(1));
}

}  // namespace

Endpoint::Endpoint(Kind kind, Millis interval, SteadyTime first)
    : kind_(kind), interval_(interval), seconds_(cpuSeconds(interval)), due_(first) {
}

void Endpoint::answered(Answer answer, SteadyTime now) {
  switch (answer) {
    case Answer::kProfile:
      failures_ = 0;
      absent_ = false;
      // A steady rhythm; missed scrapes are not made up for.
      due_ = std::max(due_ + interval_, now);
      return;
    case Answer::kAbsent: {
      const auto& paths = kindRow(kind_).paths;
      if (path_ + 1 < paths.size() && !paths.at(path_ + 1).empty()) {
        ++path_;
        due_ = now;
        return;
      }
      path_ = 0;
      absent_ = true;
      due_ = now + kAbsentPause;
      return;
    }
    case Answer::kAway:
      failures_ = 0;
      due_ = now + std::min<Millis>(kAwayPause, interval_);
      return;
    case Answer::kTooLong:
      if (seconds_ > std::chrono::seconds(1)) {
        seconds_ /= 2;
        due_ = now;
        return;
      }
      return failed(now);
    case Answer::kFailed:
      return failed(now);
  }
}

void Endpoint::failed(SteadyTime now) {
  const int shift = std::min(failures_++, 6);
  due_ = now + std::min<Millis>(interval_ * (1 << shift), kAbsentPause);
}

void Endpoint::applicationReturned(SteadyTime now) {
  if (absent_ || failures_ > 0) due_ = now;
  seconds_ = cpuSeconds(interval_);
  failures_ = 0;
  path_ = 0;
  absent_ = false;
}

Answer answerOfStatus(Kind kind, int status) {
  if (status >= 200 && status < 300) return Answer::kProfile;
  // Go refuses a profile that would outlast the server's write timeout with 400.
  if (status == 400 && kind == Kind::kCpu) return Answer::kTooLong;
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 410:
    case 501:
      return Answer::kAbsent;
    default:
      return status < 400 ? Answer::kAbsent : Answer::kFailed;
  }
}

}  // namespace profiling::scrape
