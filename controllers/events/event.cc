#include "controllers/events/event.h"

#include <utility>

namespace profiling::controllers {
namespace {

class NoEvents final : public EventSink {
 public:
  void record(Event) override {}
};

}  // namespace

EventSink& EventSink::none() {
  static NoEvents none;
  return none;
}

EventSubject subjectOf(std::string kind, const api::ObjectMeta& metadata) {
  return {std::string(api::kApiVersion), std::move(kind), metadata.namespace_, metadata.name,
          metadata.uid};
}

void recordAll(EventSink& sink, std::vector<Event> events) {
  for (Event& event : events) sink.record(std::move(event));
}

std::vector<Event> eventsOf(const EventSubject& regarding,
                            const std::vector<api::Condition>& before,
                            const std::vector<api::Condition>& after) {
  std::vector<Event> events;
  for (const api::Condition& now : after) {
    const api::Condition* then = api::findCondition(before, now.type);
    if (then != nullptr && then->status == now.status && then->reason == now.reason) continue;
    if (then == nullptr && now.status == "Unknown") continue;  // nothing is known yet
    events.push_back({regarding, now.status != "True", now.reason, "Reconcile",
                      now.message.empty() ? now.type + " is " + now.status : now.message});
  }
  return events;
}

}  // namespace profiling::controllers
