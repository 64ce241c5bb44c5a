// Scrapes the application's profiles into the buffer.
//
// Two of them run, each in its own thread: one for the CPU profile, whose request takes nearly the
// whole interval, and one for the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "operator/base/mutex.h"
#include "webhooks/agents/scrape/buffer.h"
#include "webhooks/agents/scrape/endpoint.h"
#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/net/http.h"
#include "webhooks/agents/scrape/rarely.h"
#include "webhooks/agents/scrape/settings.h"

namespace profiling::scrape {

// What the scrapers share: whether the application listens on its port, and the memory. Thread-safe.
class Presence {
 public:
  void there() {
    if (away_.exchange(false)) ++returns_;
  }
  bool away() { return !away_.exchange(true); }  // true if it was there before
  // Grows each time the application comes back, as another process.
  std::uint64_t returns() const { return returns_; }
  // Held while a profile is unpacked and rewritten: the memory is enough for one.
  Mutex& harvest() { return harvest_; }

 private:
  Mutex harvest_;
  std::atomic<bool> away_{true};
  std::atomic<std::uint64_t> returns_{0};
};

class Scraper {
 public:
  // All references must outlive it. `kinds` is not empty.
  Scraper(const Settings& settings, const ProfileBounds& bounds, const std::vector<Kind>& kinds,
          Presence& presence, Buffer& buffer);

  // Runs until cancelled; cancelling also aborts a request in flight.
  void run(const Cancel& stop);

 private:
  struct Target {
    Endpoint endpoint;
    Baseline baseline;
    bool reported = false;  // whether its presence or absence is logged
  };

  static void forgetCpu(Target& target);
  void noticeReturn(SteadyTime time);
  void scrape(Target& target, const Cancel& stop);
  Answer ask(Target& target, const Cancel& stop);
  Answer take(Target& target, std::string body);
  Answer leave(Target& target);
  void failure(const Target& target, const Status& why);

  const Settings& settings_;
  const ProfileBounds bounds_;
  Presence& presence_;
  Buffer& buffer_;
  HttpClient client_;
  std::vector<Target> targets_;
  std::uint64_t returns_seen_ = 0;
  Rarely failures_, absences_;
};

}  // namespace profiling::scrape
