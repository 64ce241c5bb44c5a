// What is said to a Pyroscope server and what its answers mean. Pure.
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
  std::string_view name;  // __name__; lives for ever (kindRow)
  std::string pprof;      // packed
  int attempts = 0;       // answers with a server's error so far
};

// A PushRequest, to be sent as application/proto. `__delta__` tells the server that the values are
// differences already; without it some versions would subtract once more.
std::string encodePush(const std::vector<Outgoing>& profiles, const Labels& labels);

enum class Verdict {
  kStored,
  kRetry,    // the server is away, overloaded or broken: the same again, later
  kRefused,  // it will never take this
};

inline constexpr int kMaxAttempts = 3;

// status 0: there was no answer. After kMaxAttempts errors of the server itself a profile is
// refused: a server answers a profile that it cannot read with 500.
Verdict judge(int status, int attempts);

// The seconds of a Retry-After header, at most five minutes; a date is not read.
std::optional<std::chrono::seconds> retryAfter(std::string_view header);

}  // namespace profiling::scrape
