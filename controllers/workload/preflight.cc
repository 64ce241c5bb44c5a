#include "controllers/workload/preflight.h"

#include <algorithm>
#include <map>
#include <set>

#include <simdjson.h>

#include "operator/api/json_access.h"
#include "operator/api/k8s/pod_decoder.h"
#include "operator/inject/env.h"
#include "operator/inject/pod_reading.h"
#include "operator/kube/json.h"

namespace profiling::controllers {

using api::member;
using api::text;

namespace {

constexpr std::size_t kMaxConfigMaps = 16;

// Only keys, and only those that decide about agents. A ConfigMap that cannot be read stays
// unknown; a missing one holds nothing, as an optional source may.
std::vector<api::ConfigMapNames> configMapsOf(kube::Client& client, const api::PodView& pod,
                                              const std::stop_token& stop) {
  std::map<std::string, std::set<std::string>> prefixes;
  for (const auto* list : {&pod.containers, &pod.init_containers}) {
    for (const api::ContainerView& c : *list) {
      for (const api::EnvFromView& from : c.env_from) {
        if (!from.is_secret) prefixes[std::string(from.name)].emplace(from.prefix);
      }
    }
  }
  std::vector<api::ConfigMapNames> out;
  for (const auto& [name, all] : prefixes) {
    if (out.size() == kMaxConfigMaps) break;
    const auto object =
        client.get(kube::resources::kConfigMaps, std::string(pod.namespace_), name, stop);
    if (!object.ok() && object.status().code() != Code::kNotFound) continue;
    api::ConfigMapNames& names = out.emplace_back();
    names.config_map = name;
    if (!object.ok()) continue;
    const nlohmann::json& data = member(*object, "data");
    if (!data.is_object()) continue;
    for (const std::string& prefix : all) {
      for (const auto& [key, value] : data.items()) {
        std::string variable = prefix + key;
        if (inject::decidesAboutAgents(variable)) names.names.push_back(std::move(variable));
      }
    }
  }
  return out;
}

// By the LimitRanges of the namespace the webhook refuses what the API server would refuse. Those
// that may not be read bound nothing here; any other error is no answer: pods would be replaced for
// room that is not there.
Result<inject::NamespaceBounds> boundsIn(kube::Client& client, const std::string& namespace_,
                                         const std::stop_token& stop) {
  inject::NamespaceBounds out;
  const auto items = client.list(kube::resources::kLimitRanges, namespace_, stop);
  if (items.status().code() == Code::kPermissionDenied) return out;
  if (!items.ok()) return items.status().annotated("read the LimitRanges");
  for (const nlohmann::json& item : *items) out = inject::tighter(out, inject::boundsOf(item));
  return out;
}

}  // namespace

Result<api::Preflight> runPreflight(kube::Client& client, const std::string& namespace_,
                                    const PreflightWanted& wanted,
                                    const inject::NamespaceState& state,
                                    const inject::Settings& settings, const std::stop_token& stop,
                                    const std::vector<api::DetectedLanguages>& detected) {
  const auto object = client.get(kube::resources::kPods, namespace_, wanted.pod, stop);
  if (!object.ok()) return object.status();
  // A record keeps the result for long, so it must be about that pod.
  if (text(member(*object, "metadata", "name")) != wanted.pod) {
    return Status(Code::kInternal, "the answer is not pod '" + wanted.pod + "'");
  }
  api::PodJson json;
  if (const Status read = json.parse(kube::dumpJson(*object)); !read.ok()) {
    return Status(Code::kInternal, "pod '" + wanted.pod + "': " + read.message());
  }
  api::PodView pod;
  pod.namespace_ = namespace_;
  std::string problem;
  Status read = json.readMetadata(pod);
  if (read.ok()) read = json.readSpec(pod, problem);
  if (!read.ok()) return read;

  api::Preflight preflight;
  preflight.template_hash = wanted.template_hash;
  preflight.revision = wanted.policy->revision;
  const inject::Workload workload = inject::workloadOf(pod);
  const inject::Decision decision =
      inject::decide(pod, workload, state.view(namespace_), state.policies, settings);
  if (!problem.empty()) {
    preflight.reason = inject::reasonName(inject::Reason::kMalformedPod);
    return preflight;
  }
  preflight.config_maps = configMapsOf(client, pod, stop);
  auto known = std::make_shared<inject::KnownOfWorkload>();
  known->config_maps = preflight.config_maps;
  known->detected = detected;
  const inject::PodReading reading(
      pod, workload, inject::OwnImages(pod, settings, decision.chosen.get()), std::move(known));
  const auto bounds = boundsIn(client, namespace_, stop);
  if (!bounds.ok()) return bounds.status();
  const inject::Surroundings around{{&*bounds, nullptr}, nullptr};
  inject::Assigned assigned = inject::assignedAsDecided(decision);
  const inject::InjectionPlan plan =
      inject::planInjection(decision, assigned, reading, settings, around);
  // Where only one pod at a time gets the agents, the reason is that of the others.
  assigned.finds_language = false;
  preflight.reason = inject::reasonName(
      inject::planInjection(decision, assigned, reading, settings, around).reason);
  for (const inject::ContainerDecision& container : plan.decisions) {
    for (const api::Language language : container.languages) {
      if (std::find(preflight.languages.begin(), preflight.languages.end(), language) ==
          preflight.languages.end()) {
        preflight.languages.push_back(language);
      }
    }
  }
  return preflight;
}

}  // namespace profiling::controllers
