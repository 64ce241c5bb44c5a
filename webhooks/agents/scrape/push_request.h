// Requests to a Pyroscope server and the meaning of its answers. Pure.
// Source of the messages: grafana/pyroscope, api/push/v1/push.proto and api/types/v1/types.proto;
// of the answers: recorded from a real server (tests/conformance).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhooks/agents/scrape/labels.h"

namespace profiling::scrape {

inline constexpr std::string_view kPushPath = "/push.v1.PusherService/Push";

struct Outgoing {
  std::string_view name;  // __name__; static (kindRow)
  std::string pprof;      // gzipped
  int attempts = 0;       // answers with a server's error so far
};

// Encodes a PushRequest of one profile, sent as application/proto. `__delta__` marks the values as differences;
// without it some versions of the server would subtract once more.
std::string encodePush(const Outgoing& profile, const Labels& labels);

enum class Verdict {
  kStored,
  kRetry,    // the server is away, overloaded or broken: retry later
  kRefused,  // the server will never accept this
  kUnknown,  // it may be stored: not sent again
};

inline constexpr int kMaxAttempts = 3;

// Status 0: no answer. `sent`: the server got all of the request, so that it may have stored the
// profile although no answer came; it adds up what it gets twice. After kMaxAttempts server errors a
// profile counts as refused, because servers answer an unreadable profile with 500.
Verdict judge(int status, bool sent, int attempts);

// The seconds of a Retry-After header, at most five minutes; a date is ignored.
std::optional<std::chrono::seconds> retryAfter(std::string_view header);

}  // namespace profiling::scrape
