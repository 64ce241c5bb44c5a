#include "webhooks/agents/scrape/push_request.h"

#include <algorithm>
#include <charconv>

#include "operator/base/text.h"
#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

constexpr std::uint32_t kSeries = 1;                            // PushRequest
constexpr std::uint32_t kSeriesLabels = 1, kSeriesSamples = 2;  // RawProfileSeries
constexpr std::uint32_t kRawProfile = 1;                        // RawSample
constexpr std::uint32_t kName = 1, kValue = 2;                  // LabelPair

void appendLabel(std::string& out, std::string_view name, std::string_view value) {
  std::string pair;
  appendBytes(pair, kName, name);
  appendBytes(pair, kValue, value);
  appendBytes(out, kSeriesLabels, pair);
}

}  // namespace

std::string encodePush(const Outgoing& profile, const Labels& labels) {
  std::string out, series, sample;
  for (const auto& [name, value] : labels) appendLabel(series, name, value);
  appendLabel(series, "__delta__", "false");
  appendLabel(series, "__name__", profile.name);
  appendBytes(sample, kRawProfile, profile.pprof);
  appendBytes(series, kSeriesSamples, sample);
  appendBytes(out, kSeries, series);
  return out;
}

Verdict judge(int status, bool sent, int attempts) {
  if (status >= 200 && status < 300) return Verdict::kStored;
  if (status == 0 && sent) return Verdict::kUnknown;
  if (status == 0 || status == 429 || status == 408) return Verdict::kRetry;
  // A gateway's error means that the server is away; it says nothing about the profile.
  if (status == 502 || status == 503 || status == 504) return Verdict::kRetry;
  if (status >= 500 && attempts + 1 < kMaxAttempts) return Verdict::kRetry;
  return Verdict::kRefused;
}

std::optional<std::chrono::seconds> retryAfter(std::string_view header) {
  constexpr std::int64_t kMost = 300;
  const std::string_view text = trim(header);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMost));
}

}  // namespace profiling::scrape
