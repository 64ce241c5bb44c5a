#include "webhooks/agents/scrape/endpoint.h"

#include <algorithm>

namespace profiling::scrape {
namespace {

std::chrono::seconds cpuSeconds(Millis interval) {
  using std::chrono::seconds;
  const auto whole = std::chrono::duration_cast<seconds>(interval);
  return std::max(seconds(1), whole - seconds(1));
}

constexpr int kPartOfAge = 8;

}  // namespace

Endpoint::Endpoint(Kind kind, Millis interval, SteadyTime first, Millis early)
    : kind_(kind), interval_(interval), early_(early), seconds_(cpuSeconds(interval)), due_(first) {
}

// The last one before the steady rhythm ends earlier than those after it.
std::chrono::seconds Endpoint::longestOfStart() const {
  using std::chrono::seconds;
  return std::max(seconds(1), seconds_ - std::chrono::duration_cast<seconds>(early_));
}

std::chrono::seconds Endpoint::seconds() const {
  if (steady_) return seconds_;
  return std::clamp(age_ / kPartOfAge, std::chrono::seconds(1), longestOfStart());
}

void Endpoint::served(SteadyTime now) {
  failures_ = 0;
  absent_ = false;
  if (steady_) {
    // Missed scrapes are not made up for.
    due_ = std::max(due_ + interval_, now);
  } else if (kind_ == Kind::kCpu) {
    const std::chrono::seconds asked = seconds();
    if (began_ == SteadyTime{}) began_ = now - asked;
    steady_ = asked == longestOfStart();
    age_ = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
    // Not at once where the application answers at once, whatever it is asked for.
    due_ = std::max(due_ + asked, now);
  } else {
    steady_ = true;
    due_ = std::max(due_ + interval_ - early_, now);
  }
}

void Endpoint::beginAnew() {
  steady_ = false;
  began_ = {};
  age_ = std::chrono::seconds(0);
}

void Endpoint::answered(Answer answer, SteadyTime now) {
  switch (answer) {
    case Answer::kProfile:
      return served(now);
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
    case Answer::kBroken:
      beginAnew();
      return failed(now, kAwayPause);
    case Answer::kTooLong:
      if (const auto asked = seconds(); asked > std::chrono::seconds(1)) {
        seconds_ = asked / 2;
        due_ = now;
        return;
      }
      return failed(now, interval_);
    case Answer::kFailed:
      return failed(now, interval_);
  }
}

void Endpoint::failed(SteadyTime now, Millis pause) {
  const int shift = std::min(failures_++, 10);
  due_ = now + std::min<Millis>(pause * (1 << shift), kAbsentPause);
}

void Endpoint::applicationReturned(SteadyTime now) {
  if (absent_ || failures_ > 0) due_ = now;
  seconds_ = cpuSeconds(interval_);
  failures_ = 0;
  path_ = 0;
  absent_ = false;
  beginAnew();
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
