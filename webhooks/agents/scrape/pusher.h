// Sends the buffered profiles to the storage server, until the buffer is closed and empty. Runs in
// its own thread.
#pragma once

#include <cstdint>

#include "operator/base/backoff.h"
#include "webhooks/agents/scrape/buffer.h"
#include "webhooks/agents/scrape/net/http.h"
#include "webhooks/agents/scrape/rarely.h"
#include "webhooks/agents/scrape/settings.h"

namespace profiling::scrape {

struct PushTotals {
  std::uint64_t stored = 0;
  std::uint64_t refused = 0;  // by the server, for good
  std::uint64_t left = 0;     // unsent when the time at the end was over
};

class Pusher {
 public:
  Pusher(const Settings& settings, std::shared_ptr<const TlsContext> tls, Buffer& buffer);

  // `closing` fires when the process shuts down: pauses end, and buffered profiles get one more
  // attempt, unless the server asked for a pause. `abort` ends that attempt.
  PushTotals run(const Cancel& closing, const Cancel& abort);

 private:
  void push(std::vector<Outgoing> batch, const Cancel& closing, const Cancel& abort);
  void refused(std::size_t count, int status, std::string_view why);
  void retry(std::vector<Outgoing> batch, const HttpResponse& response, std::string_view why,
             const Cancel& closing, bool last);
  void complain(std::string_view what, std::string_view error);

  Buffer& buffer_;
  const Settings& settings_;
  HttpClient client_;
  Backoff backoff_;
  Rarely complaints_, drops_;
  PushTotals totals_;
  std::uint64_t dropped_reported_ = 0;
  std::size_t singles_ = 0;  // this many are sent singly, to find the one that the server refuses
  bool gave_up_ = false;     // at the end
  bool reported_ = false;    // that profiles arrive, in the log
};

}  // namespace profiling::scrape
