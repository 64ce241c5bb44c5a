// Our preload starts @pyroscope/nodejs, which reads these names (its src/utils/get-env.ts); labels
// and tenant go through the preload.
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::array<std::string_view, 7> kCommands{"node", "nodejs", "npm", "npx",
                                                    "yarn", "pnpm",   "next"};
constexpr std::array<std::string_view, 3> kSuffixes{".js", ".mjs", ".cjs"};
constexpr std::array<std::string_view, 4> kEnvNames{"NODE_ENV", "NODE_OPTIONS", "NODE_PATH",
                                                    "NPM_CONFIG_LOGLEVEL"};
constexpr std::array<std::string_view, 4> kImageWords{"node", "nodejs", "nextjs", "nestjs"};

std::vector<NameValue> settings(const api::EffectivePolicy& policy, const api::ContainerView&) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  const std::string upload = milliseconds(spec.sampling.upload_interval);
  const bool heap = spec.profiles.allocations || spec.profiles.in_use_memory;
  return {{"PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS", periodMicros(spec.sampling.cpu_hz)},
          {"PYROSCOPE_WALL_COLLECT_CPU_TIME", "true"},
          {"PYROSCOPE_FLUSH_INTERVAL_MS", upload},
          {"PYROSCOPE_WALL_SAMPLING_DURATION_MS", upload},
          {"PROFILING_NODE_HEAP", heap ? "true" : "false"}};
}

}  // namespace

constinit const LanguageRow kNodeRow{
    .language = api::Language::kNodeJS,
    .variable = {.name = "NODE_OPTIONS", .addition = "--require=/profiling-agent/node/preload.cjs"},
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .spy = "nodespy",
    .copy_mebibytes = 4,
    .settings = settings,
};

}  // namespace profiling::inject
