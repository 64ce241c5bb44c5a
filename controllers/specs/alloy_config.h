// The configuration of the Grafana Alloy that profiles a node with eBPF. Pure.
//
// Alloy finds the pods of its own node, drops those that it must not profile, and gives each
// remaining container the service name and the tags that an injected agent would send, so that
// profiles from both sources line up. Only this file decides what Alloy may profile: a container
// that is not a target is not sampled (grafana/alloy, internal/component/pyroscope/ebpf).
//
// tests/alloy reads the output with Alloy's own parser.
#pragma once

#include <string>
#include <string_view>

#include "operator/api/ebpf_settings.h"

namespace profiling::specs {

inline constexpr const char* kAlloyNodeEnv = "PROFILING_NODE_NAME";  // the node's name

// `server_url` receives the profiles; pods of `operator_namespace` are profiled only if the
// settings name it. Any text in the arguments becomes a string, never syntax.
std::string alloyConfig(const api::EbpfSettings& settings, std::string_view server_url,
                        std::string_view operator_namespace);

// `text` as a string of Alloy's syntax, with quotes; it may be any bytes.
std::string alloyString(std::string_view text);

}  // namespace profiling::specs
