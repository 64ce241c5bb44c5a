// Queries to a storage server, and the parsing of its answers (querier.v1, JSON). Pure.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"

namespace profiling::signals {

using Time = std::chrono::system_clock::time_point;

// The pods whose profiles are queried: those of a namespace, with one more tag if `tag` is not
// empty ("service_name", "workload", …).
struct Scope {
  std::string namespace_;
  std::string tag, value;
};

// {namespace="shop",workload="web"}
std::string selectorOf(const Scope& scope);

// LabelValues of __profile_type__. The server answers from the indexes of whole blocks, which may
// reach further back than `from`: cheap, but no proof of recent profiles.
std::string profileTypesBody(const Scope& scope, Time from, Time to);
Result<std::vector<std::string>> parseNames(std::string_view json);
// The types worth querying, the likeliest first: one type of each kind is enough to find its
// senders.
std::vector<std::string> typesToAsk(const std::vector<std::string>& types);

// SelectSeries by pod, or by other tags: reads the times of profiles, not their stacks, and is
// exact.
std::string seriesBody(const Scope& scope, std::string_view type, Time from, Time to,
                       std::chrono::milliseconds step,
                       const std::vector<std::string_view>& by = {"pod"});
// Keeps the answer for `pods` pods well below the limit of a body.
std::chrono::milliseconds stepFor(std::chrono::milliseconds range, std::size_t pods);

// Pod → a time at or after which one of its profiles was taken, as late as the answer proves. A
// point stands at the end of its step, so only the step's beginning is proven.
using LastSeen = std::map<std::string, Time, std::less<>>;
Result<LastSeen> parseSeries(std::string_view json, std::chrono::milliseconds step);

// A sender of profiles and its agent: the tag pyroscope_spy.
struct Sender {
  std::string pod, container, spy;
  // clang-tidy 14 takes what the compiler makes of it for a null pointer.
  auto operator<=>(const Sender&) const = default;  // NOLINT(modernize-use-nullptr)
};
inline const std::vector<std::string_view> kSenderTags{"pod", "container", "pyroscope_spy"};
// Parses series by kSenderTags; each needs a point.
Result<std::set<Sender>> parseSenders(std::string_view json);

}  // namespace profiling::signals
