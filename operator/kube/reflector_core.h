// The part of a reflector that does not depend on the record's type: runs the WatchMachine over
// HTTP and hands raw JSON to a RecordSink. Used by reflector.cc and reflector_impl.h only.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/kube/cut_event.h"
#include "operator/kube/decode.h"
#include "operator/kube/line_splitter.h"
#include "operator/kube/record_sink.h"
#include "operator/kube/reflector.h"
#include "operator/kube/watch_machine.h"

namespace profiling::kube {

// Progress of a streaming list.
struct StreamedList {
  std::size_t items = 0;
  std::string end_version;  // the last bookmark's; empty until it arrives
};

class ReflectorCore {
 public:
  ReflectorCore(net::HttpClient& http, ReflectorOptions options, RecordSink& sink,
                const Clock& clock);
  ~ReflectorCore() { stop(); }
  ReflectorCore(const ReflectorCore&) = delete;
  ReflectorCore& operator=(const ReflectorCore&) = delete;

  void start();
  void stop();
  ReflectorStats stats() const;
  const ReflectorOptions& options() const { return options_; }

 private:
  void run(const std::stop_token& stop);
  void list(const ListStep& step, const std::stop_token& stop);
  void streamList(const StreamListStep& step, const std::stop_token& stop);
  Status handleListed(std::string_view line, StreamedList& list);
  Status handleListedCut(std::string_view head, StreamedList& list);
  void complete(PageVerdict verdict, const char* how);
  void skipListed(const Status& why, std::string_view object);
  void watch(const WatchStep& step, const std::stop_token& stop);
  Result<ListPage> fetchPage(const ListStep& step, const std::stop_token& stop);
  Status handleLine(std::string_view line, bool& answered);
  Status handleCut(std::string_view head);
  void skipped(const Status& why, const std::string& key);
  std::string target(std::string query) const;
  // `kind`: of the answer, where only metadata is asked for.
  net::Request requestFor(std::string query, std::string_view kind) const;
  void contact();
  void count(std::uint64_t ReflectorStats::*counter);

  net::HttpClient& http_;
  const ReflectorOptions options_;
  RecordSink& sink_;
  const Clock& clock_;
  const std::string name_;  // "pods.v1" for logs

  // Used by the reflector's thread only.
  WatchMachine machine_;
  LineSplitter lines_;
  EventDecoder decoder_;
  SteadyTime next_skip_log_{};

  mutable Mutex mutex_;
  ReflectorStats stats_ PROFILING_GUARDED_BY(mutex_);

  std::jthread thread_;
};

}  // namespace profiling::kube
