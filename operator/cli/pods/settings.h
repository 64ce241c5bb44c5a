// The agents that pods get: those of the installed webhook's flags, or the chart's defaults.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/base/status.h"
#include "operator/inject/inject.h"

namespace profiling::cli {

// The chart's defaults, overridden by entries such as "java=registry.example/agent-java:2.1.2".
// kInvalidArgument for an unknown language.
Result<inject::Settings> chartSettings(const std::vector<std::string>& images);

// From the webhook's Deployment; nullopt if `deployment` is another one. `nodes_have_sidecars` is
// the meaning of --native-sidecars=Auto.
std::optional<inject::Settings> settingsOf(const nlohmann::json& deployment,
                                           bool nodes_have_sidecars);

}  // namespace profiling::cli
