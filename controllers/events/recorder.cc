#include "controllers/events/recorder.h"

#include <atomic>
#include <optional>
#include <utility>
#include <variant>

#include "operator/base/encoding.h"
#include "operator/base/log.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

constexpr std::size_t kQueue = 1'000;
constexpr std::size_t kNoteBytes = 1'000;
constexpr Millis kDeadline{5'000};
constexpr Millis kDrain{2'000};
constexpr const char* kController = "profiling.dev/controller";

std::string namespaceOf(const Event& event) {
  return event.regarding.namespace_.empty() ? "default" : event.regarding.namespace_;
}

// Unique without a request: object, time, and a counter for two in one microsecond.
std::string nameFor(const Event& event, WallTime now) {
  static std::atomic<unsigned> counter{0};
  const std::string seed = formatRfc3339Micro(now) + event.regarding.uid + event.reason +
                           std::to_string(counter.fetch_add(1));
  return event.regarding.name.substr(0, 200) + "." + hexSha256(seed).substr(0, 16);
}

}  // namespace

EventRecorder::EventRecorder(net::HttpClient& http, const std::string& instance, const Clock& clock)
    : client_(http, kDeadline), instance_(instance.substr(0, 128)), clock_(clock) {
}

void EventRecorder::record(Event event) {
  const MutexLock lock(mutex_);
  if (queue_.size() >= kQueue) {
    ++stats_.dropped;
    return;
  }
  queue_.push_back(std::move(event));
  wake_.notifyOne();
}

void EventRecorder::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void EventRecorder::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

RecorderStats EventRecorder::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void EventRecorder::count(std::uint64_t RecorderStats::*counter) {
  const MutexLock lock(mutex_);
  ++(stats_.*counter);
}

void EventRecorder::run(const std::stop_token& stop) {
  std::optional<SteadyTime> stopping;
  for (;;) {
    std::optional<Event> event;
    {
      const MutexLock lock(mutex_);
      wake_.wait(mutex_, stop, [this]() PROFILING_REQUIRES(mutex_) { return !queue_.empty(); });
      if (queue_.empty()) return;  // stopped
      event = std::move(queue_.front());
      queue_.pop_front();
    }
    const std::uint64_t failed = stats().failed;
    write(*event);
    if (!stop.stop_requested()) continue;
    if (!stopping) stopping = clock_.steady();
    if (stats().failed > failed || clock_.steady() - *stopping > kDrain) return;
  }
}

void EventRecorder::write(const Event& event) {
  const EventVerdict verdict = correlator_.decide(event, clock_.steady());
  if (const auto* first = std::get_if<EventCreate>(&verdict)) {
    create(event, *first);
  } else if (const auto* again = std::get_if<EventRepeat>(&verdict)) {
    repeat(event, *again);
  } else {
    count(&RecorderStats::suppressed);
  }
}

void EventRecorder::create(const Event& event, const EventCreate& verdict) {
  const WallTime now = clock_.wall();
  const std::string name = nameFor(event, now);
  const EventSubject& on = event.regarding;
  nlohmann::json regarding = {
      {"apiVersion", on.api_version}, {"kind", on.kind}, {"name", on.name}, {"uid", on.uid}};
  if (!on.namespace_.empty()) regarding["namespace"] = on.namespace_;
  const nlohmann::json object = {{"apiVersion", "events.k8s.io/v1"},
                                 {"kind", "Event"},
                                 {"metadata", {{"name", name}, {"namespace", namespaceOf(event)}}},
                                 {"eventTime", formatRfc3339Micro(now)},
                                 {"reportingController", kController},
                                 {"reportingInstance", instance_},
                                 {"type", event.warning ? "Warning" : "Normal"},
                                 {"reason", event.reason},
                                 {"action", event.action},
                                 {"regarding", std::move(regarding)},
                                 {"note", printable(verdict.note, kNoteBytes)}};
  const Status made =
      client_.create(kube::resources::kEvents, namespaceOf(event), object, {}).status();
  if (made.ok()) {
    correlator_.created(event, verdict, name);
    count(&RecorderStats::created);
    return;
  }
  count(&RecorderStats::failed);
  log::debug("Event not written", {{"object", on.name}, {"reason", made.toString()}});
}

void EventRecorder::repeat(const Event& event, const EventRepeat& verdict) {
  const Status done = client_
                          .mergePatch(kube::resources::kEvents, namespaceOf(event), verdict.name,
                                      {{"series",
                                        {{"count", verdict.count},
                                         {"lastObservedTime", formatRfc3339Micro(clock_.wall())}}}},
                                      {})
                          .status();
  if (done.ok()) {
    count(&RecorderStats::repeated);
  } else if (done.code() == Code::kNotFound) {  // events are deleted after an hour
    correlator_.forget(event, verdict.note);
    create(event, {verdict.note});
  } else {
    count(&RecorderStats::failed);
  }
}

}  // namespace profiling::controllers
