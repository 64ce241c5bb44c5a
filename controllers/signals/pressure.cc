#include "controllers/signals/pressure.h"

#include <cmath>
#include <vector>

#include "controllers/signals/prometheus_text.h"
#include "operator/base/text.h"

namespace profiling::signals {
namespace {

constexpr std::string_view kDiscarded = "pyroscope_discarded_samples_total";
constexpr std::string_view kRequests = "pyroscope_request_duration_seconds_count";
constexpr std::string_view kFailures = "objstore_bucket_operation_failures_total";
constexpr std::size_t kMaxKeys = 32;
constexpr std::size_t kMaxKey = 60;

// Dropped on purpose, by configuration.
bool isWanted(std::string_view reason) {
  return reason == "dropped_by_sampling_rules" || reason == "dropped_by_relabel_rules";
}

// Routes are paths ("/push.v1.PusherService/Push") or the remainder of one ("ingest").
bool receives(std::string_view route) {
  for (const std::string_view part : {"push", "Push", "ingest", "opentelemetry", "otlp"}) {
    if (route.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool isRefusal(std::string_view status) {
  return status == "429" || (status.size() == 3 && status[0] == '5');
}

void addTo(std::map<std::string, double>& sums, std::string_view key, double value) {
  std::string name = key.empty() ? "unknown" : printable(key, kMaxKey);
  if (sums.size() >= kMaxKeys && !sums.contains(name)) name = "others";
  sums[name] += value;
}

void addLine(const MetricLine& line, PressureCounters& out) {
  if (line.name == kDiscarded) {
    const std::string_view reason = line.label("reason");
    if (!isWanted(reason)) addTo(out.discarded, reason, line.value);
  } else if (line.name == kRequests) {
    const std::string_view status = line.label("status_code");
    if (receives(line.label("route")) && isRefusal(status)) addTo(out.refused, status, line.value);
  } else if (line.label("operation") == "upload") {
    out.failed_uploads += line.value;
  }
}

double increase(double before, double after) {
  return after >= before ? after - before : after;
}

std::string increases(const std::map<std::string, double>& before,
                      const std::map<std::string, double>& after) {
  std::string out;
  for (const auto& [key, value] : after) {
    const auto was = before.find(key);
    const double more = increase(was == before.end() ? 0 : was->second, value);
    if (more <= 0) continue;
    out += out.empty() ? "" : ", ";
    out += key + ": " + std::to_string(std::llround(std::ceil(more)));
  }
  return out;
}

}  // namespace

Result<PressureCounters> parsePressure(std::string_view text) {
  if (!text.ends_with('\n')) {
    return Status(Code::kInvalidArgument, "the metrics are empty or cut off");
  }
  PressureCounters out;
  bool any = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);  // there is one: see above
    const std::string_view name = metricName(line);
    const bool ours = name == kDiscarded || name == kRequests || name == kFailures;
    if (!ours && any) continue;  // skips thousands of irrelevant lines
    const auto parsed = parseMetricLine(line);
    any = any || parsed.has_value();
    if (!ours) continue;
    // Counters are finite and never negative.
    if (!parsed || !(parsed->value >= 0 && parsed->value < 1e18)) {
      return Status(Code::kInvalidArgument, "a metric cannot be read: " + printable(line));
    }
    addLine(*parsed, out);
  }
  if (!any) return Status(Code::kInvalidArgument, "the answer is not Prometheus text");
  return out;
}

std::string pressureBetween(const PressureCounters& before, const PressureCounters& after) {
  std::vector<std::string> reasons;
  if (const auto more = increases(before.discarded, after.discarded); !more.empty()) {
    reasons.push_back("discards profiles (" + more + ")");
  }
  if (const auto more = increases(before.refused, after.refused); !more.empty()) {
    reasons.push_back("refuses pushes (" + more + ")");
  }
  const double uploads = increase(before.failed_uploads, after.failed_uploads);
  if (uploads > 0) {
    reasons.push_back("fails to write to its bucket (" +
                      std::to_string(std::llround(std::ceil(uploads))) + ")");
  }
  std::string out;
  for (const std::string& reason : reasons) out += (out.empty() ? "it " : " and ") + reason;
  return out;
}

Result<PressureCounters> readPressure(net::QueryClient& client, const ServerRef& server,
                                      const AddressOverrides& overrides,
                                      std::chrono::milliseconds deadline,
                                      const std::stop_token& stop) {
  const auto url = serverUrl(server, overrides);
  if (!url.ok()) return url.status();
  const std::string what = "metrics of " + server.namespace_ + "/" + server.name;
  const auto answer = client.get(*url + "/metrics", {}, deadline, stop);
  if (!answer.ok()) return answer.status().annotated(what);
  auto parsed = parsePressure(*answer);
  if (!parsed.ok()) return parsed.status().annotated(what);
  return parsed;
}

}  // namespace profiling::signals
