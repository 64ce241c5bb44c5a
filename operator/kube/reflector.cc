#include "operator/kube/reflector.h"

#include <utility>
#include <variant>

#include "operator/base/log.h"
#include "operator/base/stop.h"
#include "operator/base/text.h"
#include "operator/kube/percent_encoding.h"
#include "operator/kube/reflector_core.h"

namespace profiling::kube {
namespace {

constexpr std::chrono::seconds kPageDeadline{60};
constexpr std::chrono::seconds kHeadDeadline{30};
// Tolerance for the clocks of server and client, and for latency.
constexpr std::chrono::seconds kEarly{2};
// A namespace full of unreadable objects must not fill the log.
constexpr std::chrono::seconds kSkipLogInterval{10};

Status tooLong() {
  return {Code::kTooLarge, "its line of the watch is too long"};
}
Status notAnEvent() {
  return {Code::kInternal, "a line of the watch that is too long is not an event of an object"};
}

class SinkReflector final : public Reflector {
 public:
  SinkReflector(net::HttpClient& http, ReflectorOptions options, std::unique_ptr<RecordSink> sink,
                const Clock& clock)
      : sink_(std::move(sink)), core_(http, std::move(options), *sink_, clock) {}

  void start() override { core_.start(); }
  void stop() override { core_.stop(); }
  ReflectorStats stats() const override { return core_.stats(); }
  const ReflectorOptions& options() const override { return core_.options(); }

 private:
  const std::unique_ptr<RecordSink> sink_;
  ReflectorCore core_;  // last: its thread uses sink_ until it is destroyed
};

}  // namespace

ReflectorCore::ReflectorCore(net::HttpClient& http, ReflectorOptions options, RecordSink& sink,
                             const Clock& clock)
    : http_(http),
      options_(std::move(options)),
      sink_(sink),
      clock_(clock),
      name_(options_.resource.plural +
            (options_.resource.group.empty() ? "" : "." + options_.resource.group)),
      machine_(options_.timing),
      lines_(options_.max_object_bytes) {
}

void ReflectorCore::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void ReflectorCore::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

ReflectorStats ReflectorCore::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void ReflectorCore::contact() {
  const SteadyTime now = clock_.steady();
  const MutexLock lock(mutex_);
  stats_.last_contact = now;
}

void ReflectorCore::count(std::uint64_t ReflectorStats::*counter) {
  const MutexLock lock(mutex_);
  ++(stats_.*counter);
}

void ReflectorCore::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const WatchMachineStep step = machine_.next(clock_.steady());
    if (const auto* wait = std::get_if<WaitStep>(&step)) {
      sleepFor(stop, wait->delay);
    } else if (const auto* stream = std::get_if<StreamListStep>(&step)) {
      streamList(*stream, stop);
    } else if (const auto* page = std::get_if<ListStep>(&step)) {
      list(*page, stop);
    } else {
      watch(std::get<WatchStep>(step), stop);
    }
  }
}

std::string ReflectorCore::target(std::string query) const {
  if (!options_.label_selector.empty()) {
    query += "&labelSelector=" + percentEncode(options_.label_selector);
  }
  if (!options_.field_selector.empty()) {
    query += "&fieldSelector=" + percentEncode(options_.field_selector);
  }
  return options_.resource.path(options_.namespace_) + "?" + query;
}

void ReflectorCore::skipped(const Status& why, const std::string& key) {
  count(&ReflectorStats::decode_errors);
  const SteadyTime now = clock_.steady();
  if (now < next_skip_log_) return;
  next_skip_log_ = now + kSkipLogInterval;
  log::warn("Object skipped", {{"resource", name_},
                               {"object", key},
                               {"reason", why.toString()},
                               {"skippedSoFar", stats().decode_errors}});
}

net::Request ReflectorCore::requestFor(std::string query, std::string_view kind) const {
  net::Request request;
  request.target = target(std::move(query));
  if (options_.metadata_only) {
    request.accept = "application/json;as=" + std::string(kind) + ";g=meta.k8s.io;v=v1";
  }
  return request;
}

Result<ListPage> ReflectorCore::fetchPage(const ListStep& step, const std::stop_token& stop) {
  std::string query = "limit=" + std::to_string(step.limit);
  if (!step.continue_token.empty()) query += "&continue=" + percentEncode(step.continue_token);
  const net::Request request = requestFor(std::move(query), "PartialObjectMetadataList");
  Result<net::Response> answer = http_.send(request, kPageDeadline, stop);
  if (!answer.ok()) return answer.status();
  if (Status status = statusOf(*answer); !status.ok()) return status;
  Result<ListPage> page = decodeList(std::move(answer->body), [&](std::string_view object) {
    if (const Status status = sink_.listed(object); !status.ok()) skipListed(status, object);
  });
  if (page.ok() && !page->continue_token.empty() && page->continue_token == step.continue_token) {
    return Status(Code::kInternal, "the list does not advance: the same continue token twice");
  }
  return page;
}

void ReflectorCore::list(const ListStep& step, const std::stop_token& stop) {
  if (step.continue_token.empty()) sink_.beginList();
  const Result<ListPage> page = fetchPage(step, stop);
  if (stop.stop_requested()) return;
  if (!page.ok()) {
    count(&ReflectorStats::list_errors);
    log::warn("List failed", {{"resource", name_}, {"reason", page.status().toString()}});
    sink_.dropList();
    machine_.listFailed(page.status(), clock_.steady());
    return;
  }
  contact();
  complete(
      machine_.pageDone(page->resource_version, page->continue_token, page->items, sink_.stored()),
      "pages");
}

void ReflectorCore::skipListed(const Status& why, std::string_view object) {
  const std::string key = keyOf(object);
  skipped(why, key);
  sink_.keepListed(key);
}

void ReflectorCore::complete(PageVerdict verdict, const char* how) {
  switch (verdict) {
    case PageVerdict::kMore:
      break;
    case PageVerdict::kConfirm:
      log::warn("List is empty although the store is not: asking again",
                {{"resource", name_}, {"stored", sink_.stored()}});
      sink_.dropList();
      break;
    case PageVerdict::kComplete:
      count(&ReflectorStats::lists);
      sink_.commitList();
      log::info("Listed", {{"resource", name_},
                           {"objects", sink_.stored()},
                           {"how", how},
                           {"resourceVersion", machine_.resourceVersion()}});
      break;
  }
}

Status ReflectorCore::handleListed(std::string_view line, StreamedList& list) {
  const Result<WatchEvent> event = decoder_.decode(line);
  if (!event.ok()) return event.status();
  switch (event->type) {
    case EventType::kError:
      return statusOfObject(event->object);
    case EventType::kBookmark:
      if (!event->initial_events_end) return {};
      list.end_version = event->resource_version;
      return {Code::kCancelled, "the list is complete"};
    case EventType::kUnknown:
      return {Code::kInternal, "unknown event type '" + printable(event->type_name, 40) + "'"};
    case EventType::kDeleted:
      sink_.unlisted(event->key);
      return {};
    case EventType::kAdded:
    case EventType::kModified:
      break;
  }
  ++list.items;
  if (const Status status = sink_.listed(event->object); !status.ok()) {
    skipListed(status, event->object);
  }
  return {};
}

// An object that is too long to be read is skipped, like one that cannot be decoded: whoever may
// write one object must not be able to end the watch of all.
Status ReflectorCore::handleListedCut(std::string_view head, StreamedList& list) {
  const CutEvent event = readCutEvent(head);
  if (event.type == EventType::kDeleted && !event.key.empty()) {
    sink_.unlisted(event.key);
    return {};
  }
  if (event.type != EventType::kAdded && event.type != EventType::kModified) return notAnEvent();
  ++list.items;
  skipped(tooLong(), event.key);
  sink_.keepListed(event.key);
  return {};
}

void ReflectorCore::streamList(const StreamListStep& step, const std::stop_token& stop) {
  const net::Request request = requestFor(
      "watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
      "&resourceVersionMatch=NotOlderThan&timeoutSeconds=" +
          std::to_string(step.timeout.count()),
      "PartialObjectMetadata");
  const SteadyTime begin = clock_.steady();
  StreamedList list;
  const auto on_line = [&](std::string_view line) {
    return stop.stop_requested() ? Status(Code::kCancelled, "stopped") : handleListed(line, list);
  };
  const auto on_cut = [&](std::string_view head) { return handleListedCut(head, list); };
  sink_.beginList();
  lines_.reset();
  Result<net::Response> end = http_.stream(
      request,
      [&](std::string_view bytes) {
        contact();
        return lines_.push(bytes, on_line, on_cut);
      },
      {.head = kHeadDeadline, .idle = step.deadline, .total = step.deadline}, stop);
  if (stop.stop_requested()) return;
  if (!list.end_version.empty()) {
    // The watch that follows is a separate request with other deadlines.
    const PageVerdict verdict = machine_.streamDone(list.end_version, list.items, sink_.stored());
    if (verdict == PageVerdict::kComplete) count(&ReflectorStats::streamed_lists);
    complete(verdict, "stream");
    return;
  }
  sink_.dropList();
  Status why = end.status();
  if (end.ok()) {
    why = statusOf(*end);
    // An end before the deadline means that the server shuts down; like a gateway's 504, it says
    // nothing about bookmarks.
    const bool ran_its_time = clock_.steady() - begin >= step.deadline - kEarly;
    if (why.ok()) {
      why = Status(ran_its_time ? Code::kDeadlineExceeded : Code::kUnavailable,
                   "the stream ended without the list's last bookmark");
    } else if (why.code() == Code::kDeadlineExceeded) {
      why = Status(Code::kUnavailable, why.message());
    }
  }
  count(&ReflectorStats::list_errors);
  machine_.streamFailed(why, clock_.steady());
  log::write(machine_.streaming() ? log::Level::kWarn : log::Level::kInfo,
             machine_.streaming() ? "Streaming list failed" : "Streaming list not available",
             {{"resource", name_}, {"reason", why.toString()}});
}

Status ReflectorCore::handleLine(std::string_view line, bool& answered) {
  const Result<WatchEvent> event = decoder_.decode(line);
  if (!event.ok()) return event.status();
  if (event->type == EventType::kError) {
    answered = true;
    return statusOfObject(event->object);
  }
  count(&ReflectorStats::events);
  machine_.eventSeen(event->resource_version);
  if (event->type == EventType::kBookmark) return {};
  if (event->type == EventType::kUnknown) {
    skipped({Code::kInternal, "unknown event type '" + printable(event->type_name, 40) + "'"},
            event->key);
  } else if (event->key.empty()) {
    skipped({Code::kInternal, "the object has no metadata.name"}, event->key);
  } else if (event->type == EventType::kDeleted) {
    sink_.erase(event->key);
  } else if (const Status status = sink_.upsert(event->object); !status.ok()) {
    skipped(status, event->key);
  }
  return {};
}

Status ReflectorCore::handleCut(std::string_view head) {
  const CutEvent event = readCutEvent(head);
  if (event.type != EventType::kAdded && event.type != EventType::kModified &&
      event.type != EventType::kDeleted) {
    return notAnEvent();
  }
  count(&ReflectorStats::events);
  machine_.eventSeen(event.resource_version);
  if (event.type == EventType::kDeleted && !event.key.empty()) {
    sink_.erase(event.key);
  } else {
    skipped(tooLong(), event.key);
  }
  return {};
}

void ReflectorCore::watch(const WatchStep& step, const std::stop_token& stop) {
  const net::Request request =
      requestFor("watch=true&allowWatchBookmarks=true&resourceVersion=" +
                     percentEncode(step.resource_version) +
                     "&timeoutSeconds=" + std::to_string(step.timeout.count()),
                 "PartialObjectMetadata");
  bool answered = false;
  const auto on_line = [&](std::string_view line) {
    return stop.stop_requested() ? Status(Code::kCancelled, "stopped") : handleLine(line, answered);
  };
  const auto on_cut = [&](std::string_view head) { return handleCut(head); };
  lines_.reset();
  Result<net::Response> end = http_.stream(
      request,
      [&](std::string_view bytes) {
        contact();
        Status status = lines_.push(bytes, on_line, on_cut);
        sink_.flush();
        return status;
      },
      {.head = kHeadDeadline, .idle = step.idle, .total = step.total}, stop);
  Status status = end.status();
  if (end.ok()) {
    status = statusOf(*end);
    answered = !status.ok();
    if (status.ok()) status = lines_.finish(on_line);
    sink_.flush();
  }
  if (stop.stop_requested()) return;
  if (!status.ok()) {
    count(&ReflectorStats::watch_errors);
    const auto level = status.code() == Code::kGone ? log::Level::kInfo : log::Level::kWarn;
    log::write(level, "Watch ended",
               {{"resource", name_},
                {"reason", status.toString()},
                {"resourceVersion", machine_.resourceVersion()}});
  }
  machine_.watchEnded(status, answered, clock_.steady());
}

std::unique_ptr<Reflector> makeReflector(net::HttpClient& http, ReflectorOptions options,
                                         std::unique_ptr<RecordSink> sink, const Clock& clock) {
  return std::make_unique<SinkReflector>(http, std::move(options), std::move(sink), clock);
}

}  // namespace profiling::kube
