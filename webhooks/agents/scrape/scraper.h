// Asks the application for its profiles and puts them into the buffer.
//
// Two of them run, each on a thread of its own: one for the CPU profile, whose request takes nearly
// the whole interval, and one for the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "webhooks/agents/scrape/buffer.h"
#include "webhooks/agents/scrape/endpoint.h"
#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/net/http.h"
#include "webhooks/agents/scrape/rarely.h"
#include "webhooks/agents/scrape/settings.h"

namespace profiling::scrape {

// Whether somebody listens on the application's port; shared by the scrapers. Thread-safe.
class Presence {
 public:
  void there() {
    if (away_.exchange(false)) ++returns_;
  }
  bool away() { return !away_.exchange(true); }  // true if that is news
  // Grows each time the application is there after it was not: another process, then.
  std::uint64_t returns() const { return returns_; }

 private:
  std::atomic<bool> away_{true};
  std::atomic<std::uint64_t> returns_{0};
};

class Scraper {
 public:
  // All of them must outlive it. `kinds` not empty.
  Scraper(const Settings& settings, const std::vector<Kind>& kinds, Presence& presence,
          Buffer& buffer);

  // Until it is called off, at once also in the middle of a request.
  void run(const Cancel& stop);

 private:
  struct Target {
    Endpoint endpoint;
    Baseline baseline;
    bool told = false;  // whether the log knows that it is there, or that it is not
  };

  void noticeReturn(SteadyTime time);
  void scrape(Target& target, const Cancel& stop);
  Answer ask(Target& target, const Cancel& stop);
  Answer take(Target& target, std::string body);
  void failure(const Target& target, const Status& why);

  const Settings& settings_;
  Presence& presence_;
  Buffer& buffer_;
  HttpClient client_;
  std::vector<Target> targets_;
  std::uint64_t returns_seen_ = 0;
  Rarely failures_, absences_;
};

}  // namespace profiling::scrape
