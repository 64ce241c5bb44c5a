#include "controllers/specs/ebpf_objects.h"

#include "controllers/specs/alloy_config.h"
#include "controllers/specs/metadata.h"
#include "operator/api/v1alpha1/common.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

constexpr const char* kConfigPath = "/etc/alloy";
constexpr const char* kConfigFile = "config.alloy";
constexpr const char* kTracing = "/sys/kernel/tracing";
constexpr int kAlloyPort = 12345;

Json fragment(const std::string& text) {
  return text.empty() ? Json() : Json::parse(text, nullptr, false);
}

// No kManagedByLabel: all pods with that label are watched, and each node has one of these.
Json podLabels(const EbpfPlace& place) {
  return {{kNameLabel, "profiling-operator"},
          {kInstanceLabel, place.name},
          {kComponentLabel, kEbpfComponent}};
}

Json metadata(const EbpfPlace& place) {
  Json out = ownedMetadata(place.namespace_, place.name, place.owner);
  out["labels"].update(podLabels(place));
  return out;
}

Json container(const api::EbpfSettings& settings) {
  Json c{{"name", "alloy"},
         {"image", settings.image},
         {"imagePullPolicy", settings.image_pull_policy},
         {"args",
          {"run", std::string(kConfigPath) + "/" + kConfigFile, "--storage.path=/tmp/alloy",
           "--server.http.listen-addr=:" + std::to_string(kAlloyPort),
           // The whole cluster can reach this address, so it serves only metrics and health.
           "--server.http.enable-pprof=false", "--server.http.disable-support-bundle",
           "--disable-reporting"}},
         {"env", Json::array({{{"name", kAlloyNodeEnv},
                               {"valueFrom", {{"fieldRef", {{"fieldPath", "spec.nodeName"}}}}}}})},
         {"ports",
          Json::array({{{"name", "http"}, {"containerPort", kAlloyPort}, {"protocol", "TCP"}}})},
         // Not /-/ready, which succeeds even if the kernel refuses the profiler. A profiler that
         // has given up, after three times the interval, counts as healthy again (grafana/alloy,
         // internal/service/http and pyroscope.ebpf): only the log shows it.
         {"readinessProbe",
          {{"httpGet", {{"path", "/-/healthy"}, {"port", "http"}, {"scheme", "HTTP"}}},
           {"periodSeconds", 10},
           {"timeoutSeconds", 3}}},
         // Root, with these and no more (grafana/alloy, pyroscope.ebpf, "Required privileges").
         {"securityContext",
          {{"runAsUser", 0},
           {"privileged", false},
           {"allowPrivilegeEscalation", false},
           {"readOnlyRootFilesystem", true},
           {"capabilities",
            {{"drop", {"ALL"}},
             {"add",
              {"BPF", "PERFMON", "SYS_PTRACE", "CHECKPOINT_RESTORE", "SYS_RESOURCE",
               "DAC_READ_SEARCH", "SYSLOG"}}}}}},
         {"volumeMounts",
          {{{"name", "config"}, {"mountPath", kConfigPath}, {"readOnly", true}},
           {{"name", "tmp"}, {"mountPath", "/tmp"}},
           // The node may mount this after the pod starts.
           {{"name", "tracing"},
            {"mountPath", kTracing},
            {"mountPropagation", "HostToContainer"},
            {"readOnly", true}}}}};
  const Json resources = fragment(settings.resources);
  if (!resources.empty()) c["resources"] = resources;
  return c;
}

// The platforms of Alloy's image and its eBPF programs.
Json affinity() {
  const auto oneOf = [](const char* key, Json values) {
    return Json{{"key", key}, {"operator", "In"}, {"values", std::move(values)}};
  };
  return {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution",
             {{"nodeSelectorTerms",
               Json::array({{{"matchExpressions",
                              {oneOf("kubernetes.io/os", {"linux"}),
                               oneOf("kubernetes.io/arch", {"amd64", "arm64"})}}}})}}}}}};
}

Json podSpec(const api::EbpfSettings& settings, const EbpfPlace& place) {
  Json spec{{"serviceAccountName", place.name},
            {"hostPID", true},
            {"enableServiceLinks", false},
            {"affinity", affinity()},
            {"containers", Json::array({container(settings)})},
            {"volumes",
             {{{"name", "config"}, {"configMap", {{"name", place.name}}}},
              // /tmp/symb-cache holds function names, for at most 2048 files.
              {{"name", "tmp"}, {"emptyDir", {{"sizeLimit", "4Gi"}}}},
              {{"name", "tracing"}, {"hostPath", {{"path", kTracing}, {"type", "Directory"}}}}}}};
  const auto pass = [&](const char* key, Json value) {
    if (!value.empty()) spec[key] = std::move(value);
  };
  pass("nodeSelector", fragment(settings.node_selector));
  pass("tolerations", fragment(settings.tolerations));
  if (!settings.priority_class_name.empty()) {
    spec["priorityClassName"] = settings.priority_class_name;
  }
  return spec;
}

}  // namespace

EbpfObjects ebpfObjects(const api::EbpfSettings& settings, const EbpfPlace& place,
                        std::string_view server_url) {
  const std::string config = alloyConfig(settings, server_url, place.namespace_);
  EbpfObjects out;
  out.config_map = {{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", metadata(place)},
                    {"data", {{kConfigFile, config}}}};
  out.daemon_set = {
      {"apiVersion", "apps/v1"},
      {"kind", "DaemonSet"},
      {"metadata", metadata(place)},
      {"spec",
       {{"selector", {{"matchLabels", podLabels(place)}}},
        {"updateStrategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 1}}}}},
        {"template",
         {{"metadata",
           {{"labels", podLabels(place)},
            {"annotations", {{api::kInjectKey, "false"}, {kConfigHashKey, hashOf(config)}}}}},
          {"spec", podSpec(settings, place)}}}}}};
  stampHash(out.config_map);
  stampHash(out.daemon_set);
  return out;
}

}  // namespace profiling::specs
