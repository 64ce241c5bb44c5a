// Which agents pods get: from the installed webhook's own flags, or what the chart installs.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/base/status.h"
#include "operator/inject/inject.h"

namespace profiling::cli {

// The chart's defaults, with "java=registry.example/agent-java:2.1.2" in place of some.
// kInvalidArgument for a language that there is not.
Result<inject::Settings> chartSettings(const std::vector<std::string>& images);

// From the webhook's Deployment; nullopt when it is none. `nodes_have_sidecars`: what its flag
// --native-sidecars=Auto comes to.
std::optional<inject::Settings> settingsOf(const nlohmann::json& deployment,
                                           bool nodes_have_sidecars);

}  // namespace profiling::cli
