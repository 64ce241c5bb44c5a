#include "controllers/signals/metrics.h"

#include <cmath>
#include <utility>

#include <simdjson.h>

#include "operator/base/quantity.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::signals {
namespace {

using simdjson::dom::element;

constexpr double kMaxQuantity = 9e15;  // a double counts every whole number up to it

std::string_view textAt(element e, std::string_view key) {
  std::string_view out;
  return e[key].get(out) == simdjson::SUCCESS ? out : std::string_view();
}

// Adds a container's usage; false if it is missing.
bool addUsage(element container, double& cpu, double& memory) {
  element usage;
  if (container["usage"].get(usage) != simdjson::SUCCESS) return false;
  const auto more_cpu = parseQuantity(textAt(usage, "cpu"));
  const auto more_memory = parseQuantity(textAt(usage, "memory"));
  if (!more_cpu || !more_memory) return false;
  cpu += *more_cpu;
  memory += *more_memory;
  return true;
}

std::optional<PodUsage> usageOf(element item) {
  PodUsage out;
  element metadata;
  simdjson::dom::array containers;
  if (item["metadata"].get(metadata) != simdjson::SUCCESS ||
      item["containers"].get(containers) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  const auto timestamp = parseRfc3339(textAt(item, "timestamp"));
  out.name = textAt(metadata, "name");
  if (!timestamp || out.name.empty() || containers.size() == 0) return std::nullopt;
  out.timestamp = *timestamp;
  double cpu = 0;
  double memory = 0;
  for (const element container : containers) {
    if (!addUsage(container, cpu, memory)) return std::nullopt;
  }
  // Thousands of containers at the limit would still fit.
  if (cpu * 1000 > kMaxQuantity || memory > kMaxQuantity) return std::nullopt;
  out.cpu_milli = std::llround(cpu * 1000);
  out.memory_bytes = std::llround(memory);
  return out;
}

}  // namespace

Result<std::vector<PodUsage>> parsePodMetrics(std::string_view json) {
  simdjson::dom::parser parser;
  element list;
  simdjson::dom::array items;
  if (parser.parse(json.data(), json.size()).get(list) != simdjson::SUCCESS ||
      textAt(list, "kind") != "PodMetricsList" || list["items"].get(items) != simdjson::SUCCESS) {
    return Status(Code::kInvalidArgument, "the answer is not a PodMetricsList");
  }
  std::vector<PodUsage> out;
  out.reserve(items.size());
  for (const element item : items) {
    if (auto usage = usageOf(item)) out.push_back(*std::move(usage));
  }
  return out;
}

Result<std::vector<PodUsage>> readPodMetrics(kube::Client& client, std::string_view namespace_,
                                             std::chrono::milliseconds deadline,
                                             const std::stop_token& stop) {
  static const kube::Resource kPodMetrics{"metrics.k8s.io", "v1beta1", "pods"};
  // An empty namespace would list the whole cluster.
  if (namespace_.empty()) return Status(Code::kInvalidArgument, "the namespace is empty");
  net::Request request;
  request.target = kPodMetrics.path(namespace_);
  const auto answer = client.http().send(request, deadline, stop);
  const std::string what = "metrics of pods in " + printable(namespace_);
  if (!answer.ok()) return answer.status().annotated(what);
  if (const Status status = kube::statusOf(*answer); !status.ok()) return status.annotated(what);
  auto parsed = parsePodMetrics(answer->body);
  if (!parsed.ok()) return parsed.status().annotated(what);
  return parsed;
}

}  // namespace profiling::signals
