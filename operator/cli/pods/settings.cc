#include "operator/cli/pods/settings.h"

#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::cli {
namespace {

// As charts/profiling-operator/values.yaml has them; a test compares the two. Images of .NET and Ruby
// are not built here. REGISTRY stands for the chart's image.registry, which only an installed operator
// knows: upper case is not a valid image name, so nothing is ever pulled by mistake.
struct ChartAgent {
  std::string_view image, version;
};
constexpr std::array<ChartAgent, api::kLanguageCount> kAgents{{
    {"REGISTRY/profiling-operator/agent-java:2.1.2", "2.1.2"},
    {"REGISTRY/profiling-operator/agent-python:1.4.0", "1.4.0"},
    {"REGISTRY/profiling-operator/agent-node:0.6.4", "0.6.4"},
    {"", "1.4.0"},
    {"", "1.0.7"},
    {"REGISTRY/profiling-operator/agent-scrape:0.1.0", "0.1.0"},
    {"REGISTRY/profiling-operator/agent-scrape:0.1.0", "0.1.0"},
}};

std::string allowed() {
  std::vector<std::string_view> tokens;
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    tokens.push_back(api::languageToken(static_cast<api::Language>(i)));
  }
  return join(tokens, ", ");
}

}  // namespace

Result<inject::Settings> chartSettings(const std::vector<std::string>& images) {
  inject::Settings settings;
  settings.operator_namespace = "profiling-system";
  settings.native_sidecars = true;
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    settings.agents.at(i) = {std::string(kAgents.at(i).image), std::string(kAgents.at(i).version)};
  }
  for (const std::string& text : images) {
    const std::size_t equals = text.find('=');
    const auto language = api::languageFromToken(std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || !language || equals + 1 == text.size()) {
      return Status(Code::kInvalidArgument, "--agent-image '" + printable(text) +
                                                "' must be LANGUAGE=IMAGE, with a LANGUAGE of " +
                                                allowed());
    }
    auto& agent = settings.agents.at(static_cast<std::size_t>(*language));
    agent.image = text.substr(equals + 1);
    const std::size_t colon = agent.image.rfind(':');
    agent.version = colon == std::string::npos || agent.image.find('/', colon) != std::string::npos
                        ? ""
                        : agent.image.substr(colon + 1);
  }
  return settings;
}

std::optional<inject::Settings> settingsOf(const nlohmann::json& deployment,
                                           bool nodes_have_sidecars) {
  inject::Settings settings;
  settings.native_sidecars = nodes_have_sidecars;
  const nlohmann::json::json_pointer containers("/spec/template/spec/containers");
  if (!deployment.contains(containers) || !deployment.at(containers).is_array()) return {};
  bool found = false;
  for (const nlohmann::json& container : deployment.at(containers)) {
    if (!container.is_object() || !container.contains("args")) continue;
    for (const nlohmann::json& argument : container["args"]) {
      if (!argument.is_string()) continue;
      const auto& text = argument.get_ref<const std::string&>();
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos) continue;
      const std::string_view flag = std::string_view(text).substr(0, equals);
      const std::string value = text.substr(equals + 1);
      if (flag == "--agent-pull-policy") settings.image_pull_policy = value;
      if (flag == "--agent-pull-secrets") {
        for (const std::string_view name : split(value, ',')) {
          settings.pull_secrets.emplace_back(name);
        }
      }
      if (flag == "--native-sidecars" && value != "Auto") {
        settings.native_sidecars = value == "Always";
      }
      for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
        const std::string token(api::languageToken(static_cast<api::Language>(i)));
        if (flag == "--agent-image-" + token) {
          settings.agents.at(i).image = value;
          found = true;
        }
        if (flag == "--agent-arm64" && value == token) settings.arm64_images.at(i) = true;
        if (flag == "--agent-version-" + token) settings.agents.at(i).version = value;
      }
    }
  }
  if (!found) return std::nullopt;
  const nlohmann::json::json_pointer home("/metadata/namespace");
  if (deployment.contains(home) && deployment.at(home).is_string()) {
    settings.operator_namespace = deployment.at(home).get<std::string>();
  }
  return settings;
}

}  // namespace profiling::cli
