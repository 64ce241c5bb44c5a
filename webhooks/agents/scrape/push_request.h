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

// Encodes a PushRequest, sent as application/proto. `__delta__` marks the values as differences;
// without it some versions of the server would subtract once more.
std::string encodePush(const std::vector<Outgoing>& profiles, const Labels& labels);

enum class Verdict {
  kStored,
  kRetry,    // the server is away, overloaded or broken: retry later
  kRefused,  // the server will never accept this
};

inline constexpr int kMaxAttempts = 3;

// Status 0: no answer. After kMaxAttempts server errors a profile counts as refused, because
// servers answer an unreadable profile with 500.
Verdict judge(int status, int attempts);

// The seconds of a Retry-After header, at most five minutes; a date is ignored.
std::optional<std::chrono::seconds> retryAfter(std::string_view header);

}  // namespace profiling::scrape
