// Limits events so that no fault floods the API server: a repeated event raises a count, many
// similar events become one, and an object that causes too many is silenced. Pure.
//
// The limits are client-go's (tools/record/events_cache.go): events are merged from the 11th
// similar one within 10 minutes on; an object may cause 25, then one in 5 minutes; a series
// continues within 6 minutes, as in the API server.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>

#include "controllers/events/event.h"
#include "operator/base/clock.h"

namespace profiling::controllers {

struct EventDrop {};
struct EventCreate {
  std::string note;  // of the event, or saying that it stands for several
};
struct EventRepeat {
  std::string name;  // of the object that was created for the first one
  std::string note;
  std::int64_t count = 0;
};
using EventVerdict = std::variant<EventDrop, EventCreate, EventRepeat>;

// Not thread-safe. Memory is bounded: entries without an event for ten minutes are dropped.
class EventCorrelator {
 public:
  EventVerdict decide(const Event& event, SteadyTime now);
  // The event just decided on was created under this name.
  void created(const Event& event, const EventCreate& verdict, std::string name);
  // The object of a series is gone: the next event creates a new one.
  void forget(const Event& event, const std::string& note);

 private:
  struct Series {
    std::string name;  // empty until created
    std::int64_t count = 0;
    SteadyTime last;
  };
  struct Alike {
    std::set<std::string> notes;
    SteadyTime since;
  };
  struct Bucket {
    double tokens = 0;
    SteadyTime filled;
  };
  static std::string seriesKey(const Event& event, const std::string& note);
  bool allowed(const Event& event, SteadyTime now);
  std::string noteFor(const Event& event, SteadyTime now);
  void prune(SteadyTime now);

  std::map<std::string, Series> series_;
  std::map<std::string, Alike> alike_;
  std::map<std::string, Bucket> buckets_;
  SteadyTime pruned_{};
};

}  // namespace profiling::controllers
