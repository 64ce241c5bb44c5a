#include "controllers/specs/server_objects.h"

#include "controllers/specs/metadata.h"
#include "controllers/specs/pyroscope_config.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

constexpr const char* kConfigPath = "/etc/pyroscope";
constexpr const char* kConfigFile = "config.yaml";
constexpr int kServerUser = 10001;  // of the image (grafana/pyroscope cmd/pyroscope/Dockerfile)

// Text that the API server has already checked to be an object or a list.
Json fragment(const std::string& text, Json fallback) {
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.type() == fallback.type() ? parsed : std::move(fallback);
}

Json configMap(const api::ProfilingServer& server, const std::string& config) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", ownedMetadata(server, configMapName(server))},
          {"data", {{kConfigFile, config}}}};
}

Json service(const api::ProfilingServer& server, const std::string& name, bool headless) {
  Json spec{{"type", "ClusterIP"},
            {"selector", selectorLabels(server)},
            {"ports", Json::array({{{"name", "http"},
                                    {"port", kHttpPort},
                                    {"protocol", "TCP"},
                                    {"targetPort", "http"}}})}};
  if (headless) {
    spec["clusterIP"] = "None";
    spec["publishNotReadyAddresses"] = true;
  }
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", ownedMetadata(server, name)},
          {"spec", std::move(spec)}};
}

Json secretVariable(const char* name, const std::string& secret) {
  return {{"name", name}, {"valueFrom", {{"secretKeyRef", {{"name", secret}, {"key", name}}}}}};
}

Json container(const api::ProfilingServer& server) {
  const api::ProfilingServerSpec& spec = server.spec;
  Json c{{"name", kServerContainer},
         {"image", spec.image},
         {"args",
          {std::string("-config.file=") + kConfigPath + "/" + kConfigFile,
           "-self-profiling.disable-push=true"}},
         {"ports",
          Json::array({{{"name", "http"}, {"containerPort", kHttpPort}, {"protocol", "TCP"}}})},
         // Readiness only. A liveness probe on /ready would kill a server whose metastore has no
         // leader yet, in a loop; upstream has none either.
         {"readinessProbe",
          {{"httpGet", {{"path", "/ready"}, {"port", "http"}, {"scheme", "HTTP"}}},
           {"periodSeconds", 5},
           {"timeoutSeconds", 3},
           {"failureThreshold", 3}}},
         // The server's last output becomes the message of condition Ready.
         {"terminationMessagePolicy", "FallbackToLogsOnError"},
         {"securityContext",
          {{"allowPrivilegeEscalation", false},
           {"readOnlyRootFilesystem", true},
           {"capabilities", {{"drop", {"ALL"}}}}}},
         {"volumeMounts",
          {{{"name", "config"}, {"mountPath", kConfigPath}, {"readOnly", true}},
           {{"name", "data"}, {"mountPath", kDataPath}},
           {{"name", "tmp"}, {"mountPath", "/tmp"}}}}};
  const Json resources = fragment(spec.pod.resources, Json::object());
  if (!resources.empty()) c["resources"] = resources;
  if (spec.storage.s3 && spec.storage.s3->credentials) {
    const std::string& secret = spec.storage.s3->credentials->secret_ref.name;
    c["env"] = {secretVariable(kAccessKeyId, secret), secretVariable(kSecretAccessKey, secret)};
  }
  return c;
}

Json podSpec(const api::ProfilingServer& server) {
  const api::PodSettings& pod = server.spec.pod;
  Json spec{
      {"automountServiceAccountToken", false},
      {"enableServiceLinks", false},  // their variables would end up in the server's environment
      // The segment writer waits 30 s before it flushes: the default grace period would cut it off.
      {"terminationGracePeriodSeconds", 120},
      {"securityContext",
       {{"runAsNonRoot", true},
        {"runAsUser", kServerUser},
        {"runAsGroup", kServerUser},
        {"fsGroup", kServerUser},
        {"fsGroupChangePolicy", "OnRootMismatch"},
        {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
      {"containers", Json::array({container(server)})},
      {"volumes",
       {{{"name", "config"}, {"configMap", {{"name", configMapName(server)}}}},
        {{"name", "tmp"}, {"emptyDir", Json::object()}}}}};
  const auto pass = [&](const char* key, const Json& value) {
    if (!value.empty()) spec[key] = value;
  };
  pass("nodeSelector", fragment(pod.node_selector, Json::object()));
  pass("tolerations", fragment(pod.tolerations, Json::array()));
  pass("imagePullSecrets", fragment(pod.image_pull_secrets, Json::array()));
  return spec;
}

Json statefulSet(const api::ProfilingServer& server, const std::string& config) {
  Json annotations = fragment(server.spec.pod.pod_annotations, Json::object());
  annotations[std::string(kConfigHashKey)] = hashOf(config);
  Json claim{{"accessModes", {"ReadWriteOnce"}},
             {"resources", {{"requests", {{"storage", server.spec.persistence.size}}}}}};
  if (const auto& storage_class = server.spec.persistence.storage_class_name) {
    claim["storageClassName"] = *storage_class;
  }
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", ownedMetadata(server, server.metadata.name)},
          {"spec",
           {{"replicas", 1},
            {"serviceName", headlessServiceName(server)},
            // With OrderedReady a pod that never became ready would block the rollout of the very
            // change that repairs it (StatefulSet documentation, "Forced rollback").
            {"podManagementPolicy", "Parallel"},
            {"selector", {{"matchLabels", selectorLabels(server)}}},
            {"template",
             {{"metadata", {{"labels", selectorLabels(server)}, {"annotations", annotations}}},
              {"spec", podSpec(server)}}},
            {"volumeClaimTemplates",
             Json::array({{{"metadata", {{"name", "data"}, {"labels", selectorLabels(server)}}},
                           {"spec", std::move(claim)}}})}}}};
}

}  // namespace

std::string_view objectKindName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kConfigMap:
      return "ConfigMap";
    case ObjectKind::kService:
      return "Service";
    case ObjectKind::kStatefulSet:
      return "StatefulSet";
  }
  return "";
}

std::string configMapName(const api::ProfilingServer& server) {
  return server.metadata.name + "-config";
}
std::string headlessServiceName(const api::ProfilingServer& server) {
  return server.metadata.name + "-headless";
}
bool isServerObjectName(const api::ProfilingServer& server, std::string_view name) {
  return name == server.metadata.name || name == configMapName(server) ||
         name == headlessServiceName(server);
}
std::string serverUrl(const api::ProfilingServer& server) {
  return "http://" + server.metadata.name + "." + server.metadata.namespace_ +
         ".svc:" + std::to_string(kHttpPort);
}

std::vector<WantedObject> serverObjects(const api::ProfilingServer& server) {
  const std::string config = pyroscopeConfig(server.spec);
  std::vector<WantedObject> objects;
  const auto add = [&](ObjectKind kind, Json object) {
    stampHash(object);
    std::string name = object.at("metadata").at("name").get<std::string>();
    objects.push_back({kind, std::move(name), std::move(object)});
  };
  add(ObjectKind::kConfigMap, configMap(server, config));
  add(ObjectKind::kService, service(server, server.metadata.name, false));
  add(ObjectKind::kService, service(server, headlessServiceName(server), true));
  add(ObjectKind::kStatefulSet, statefulSet(server, config));
  return objects;
}

}  // namespace profiling::specs
