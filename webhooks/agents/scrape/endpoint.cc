#include "webhooks/agents/scrape/endpoint.h"

#include <algorithm>
#include <array>

namespace profiling::scrape {
namespace {

std::chrono::seconds cpuSeconds(Millis interval) {
  using std::chrono::seconds;
  const auto whole = std::chrono::duration_cast<seconds>(interval);
  return std::max(seconds(1), whole - seconds(1));
}

// The lengths of the first CPU profiles; the one after them ends earlier than the steady ones.
constexpr std::array<std::chrono::seconds, 3> kFirstLengths{
    std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(4)};
constexpr int kSteady = kFirstLengths.size() + 1;

}  // namespace

Endpoint::Endpoint(Kind kind, Millis interval, SteadyTime first, Millis early)
    : kind_(kind), interval_(interval), early_(early), seconds_(cpuSeconds(interval)), due_(first) {
}

std::chrono::seconds Endpoint::seconds() const {
  using std::chrono::seconds;
  if (step_ >= kSteady) return seconds_;
  if (step_ == kSteady - 1) {
    return std::max(seconds(1), seconds_ - std::chrono::duration_cast<seconds>(early_));
  }
  return std::min(seconds_, kFirstLengths.at(static_cast<std::size_t>(step_)));
}

void Endpoint::served(SteadyTime now) {
  failures_ = 0;
  absent_ = false;
  if (step_ >= kSteady) {
    // A steady rhythm; missed scrapes are not made up for.
    due_ = std::max(due_ + interval_, now);
  } else if (kind_ == Kind::kCpu) {
    ++step_;
    due_ = now;
  } else {
    step_ = kSteady;
    due_ = std::max(due_ + interval_ - early_, now);
  }
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
      step_ = 0;
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
  step_ = 0;
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
