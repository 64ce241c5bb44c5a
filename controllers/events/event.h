// Kubernetes events about a controller's findings, for users of `kubectl describe`.
//
// An event is emitted when something changes, not in each pass. Anything a user has to act on is
// also in a condition, because events are deleted after an hour.
#pragma once

#include <string>
#include <vector>

#include "operator/api/v1alpha1/common.h"

namespace profiling::controllers {

struct EventSubject {
  std::string api_version;
  std::string kind;
  std::string namespace_;  // empty: cluster-scoped, its events are in `default`
  std::string name;
  std::string uid;
};

struct Event {
  EventSubject regarding;
  bool warning = false;
  std::string reason;  // CamelCase, from a closed set
  std::string action;  // what the controller was doing, in CamelCase
  std::string note;    // for users; cut to 1 kB
};

// Takes events without blocking, from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void record(Event event) = 0;

  static EventSink& none();  // drops events; static
};

// For an object of our own API group.
EventSubject subjectOf(std::string kind, const api::ObjectMeta& metadata);

void recordAll(EventSink& sink, std::vector<Event> events);

// One event for each condition whose status or reason has changed. Pure.
std::vector<Event> eventsOf(const EventSubject& regarding,
                            const std::vector<api::Condition>& before,
                            const std::vector<api::Condition>& after);

}  // namespace profiling::controllers
