// The administrator's settings for profiling nodes with eBPF: the value of the controller's flag
// --ebpf, written by the chart. No custom resource can set any of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"

namespace profiling::api {

enum class EbpfOptIn {
  kAnnotated,  // pods that profiling.dev/inject asks for, on them or on their namespace
  kAll,        // all pods that do not opt out
};

struct EbpfServer {
  std::string namespace_, name;  // of a ProfilingServer
};

struct EbpfSettings {
  std::string image;  // of Grafana Alloy
  std::string image_pull_policy = "IfNotPresent";
  EbpfServer server;
  std::string tenant_id;  // empty: no tenant is sent
  std::int64_t sample_hz = 19;
  std::string collect_interval = "15s";
  std::vector<std::string> namespaces;           // empty: all but those below
  std::vector<std::string> excluded_namespaces;  // ignored when `namespaces` names some
  EbpfOptIn opt_in = EbpfOptIn::kAnnotated;
  std::string node_selector, tolerations, resources;  // JSON; empty: not given
  std::string priority_class_name;
};

// Strict: an unknown field is an error as well. kInvalidArgument names field, value and what is
// allowed: "at /sampleHz: 0 must be between 1 and 100".
Result<EbpfSettings> ebpfSettingsFromJson(std::string_view text);

}  // namespace profiling::api
