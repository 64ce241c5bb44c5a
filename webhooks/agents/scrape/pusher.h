// Sends the buffered profiles to the storage server, until the buffer is closed and empty. Runs in
// its own thread.
//
// One profile in each request: the server stores the profiles of one request independently, so that
// an error for the request leaves open which of them to send again.
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
  std::uint64_t unknown = 0;  // sent, but no answer came
  std::uint64_t left = 0;     // unsent when the time at the end was over
};

class Pusher {
 public:
  Pusher(const Settings& settings, std::shared_ptr<const TlsContext> tls, Buffer& buffer);

  // `closing` fires when the process shuts down: pauses end, and buffered profiles get one more
  // attempt, unless the server asked for a pause. `abort` ends that attempt.
  PushTotals run(const Cancel& closing, const Cancel& abort);

 private:
  void push(Outgoing profile, const Cancel& closing, const Cancel& abort);
  // `sent`: all of the request, with or without an answer.
  Result<HttpResponse> send(const std::string& body, const Cancel& abort, bool& sent);
  void refused(int status, std::string_view why);
  void retry(Outgoing profile, const HttpResponse& response, std::string_view why,
             const Cancel& closing, bool last);
  void complain(std::string_view what, std::string_view error);

  Buffer& buffer_;
  const Settings& settings_;
  HttpClient client_;
  Backoff backoff_;
  Rarely complaints_, drops_;
  PushTotals totals_;
  std::uint64_t dropped_reported_ = 0;
  bool gave_up_ = false;   // at the end
  bool reported_ = false;  // that profiles arrive, in the log
};

}  // namespace profiling::scrape
