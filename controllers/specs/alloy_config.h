// The configuration of the Grafana Alloy that profiles a node with eBPF. Pure.
//
// Alloy finds the pods of its own node, drops those that are none of its business, and gives each
// container that is left the service name and the tags that an injected agent would send, so that
// profiles of both ways stand side by side. What it may profile is decided here alone: a container
// that is no target is not sampled (grafana/alloy, internal/component/pyroscope/ebpf).
//
// tests/alloy reads what comes out of it with Alloy's own parser.
#pragma once

#include <string>
#include <string_view>

#include "operator/api/ebpf_settings.h"

namespace profiling::specs {

inline constexpr const char* kAlloyNodeEnv = "PROFILING_NODE_NAME";  // the node's name

// `server_url` is where profiles go; pods of `operator_namespace` are never profiled unless the
// settings name it. Any text may be in any of them: it ends up as a string, never as syntax.
std::string alloyConfig(const api::EbpfSettings& settings, std::string_view server_url,
                        std::string_view operator_namespace);

// `text` as a string of Alloy's syntax, quotes included; it may be any bytes.
std::string alloyString(std::string_view text);

}  // namespace profiling::specs
