// Kubernetes events about what a controller found: for people who run `kubectl describe`.
//
// An event is made when something changes, never in each pass; whatever a user has to act on is in
// a condition too, because events are deleted after an hour.
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
  std::string action;  // what was being done: CamelCase too
  std::string note;    // for people; cut to 1 kB
};

// Takes events without blocking, from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void record(Event event) = 0;

  static EventSink& none();  // drops them; lives for ever
};

// Of an object of our own API group.
EventSubject subjectOf(std::string kind, const api::ObjectMeta& metadata);

void recordAll(EventSink& sink, std::vector<Event> events);

// One event for each condition whose status or reason is not what it was. Pure.
std::vector<Event> eventsOf(const EventSubject& regarding,
                            const std::vector<api::Condition>& before,
                            const std::vector<api::Condition>& after);

}  // namespace profiling::controllers
