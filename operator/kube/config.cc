#include "operator/kube/config.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "operator/base/text.h"
#include "operator/kube/kubeconfig.h"

namespace profiling::kube {
namespace {

constexpr std::string_view kServiceAccountRoot = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

Result<std::string> portFromEnvironment() {
  const std::string text = environment("KUBERNETES_SERVICE_PORT");
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return Status(Code::kInvalidArgument, "environment variable KUBERNETES_SERVICE_PORT='" +
                                              printable(text, 20) +
                                              "' must be a port between 1 and 65535");
  }
  return text;
}

}  // namespace

Result<ClusterConfig> inClusterConfig(std::string_view root) {
  const std::string folder(root);
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  if (host.empty()) {
    return Status(Code::kInvalidArgument,
                  "environment variable KUBERNETES_SERVICE_HOST is not set: in-cluster "
                  "configuration works only inside a pod; else name a kubeconfig");
  }
  Result<std::string> port = portFromEnvironment();
  if (!port.ok()) return port.status();

  ClusterConfig config;
  const bool ipv6 = host.find(':') != std::string::npos;
  config.base_url = "https://" + (ipv6 ? "kubernetes.default.svc" : host) + ":" + *port;
  Result<std::string> ca = readPemFile(folder + "/ca.crt", "CERTIFICATE");
  if (!ca.ok()) return ca.status();
  config.ca_pem = std::move(*ca);
  config.token_file = folder + "/token";
  if (Result<std::string> token = readSmallFile(config.token_file); !token.ok()) {
    return token.status();
  }
  const Result<std::string> own = readSmallFile(folder + "/namespace");
  config.namespace_ = own.ok() ? std::string(trim(*own)) : std::string();
  if (config.namespace_.empty()) config.namespace_ = "default";
  return config;
}

Result<ClusterConfig> loadConfig(const std::string& kubeconfig_flag, std::string_view context,
                                 Prefer prefer) {
  if (!kubeconfig_flag.empty()) return kubeconfigFile(kubeconfig_flag, context);
  const std::string root(kServiceAccountRoot);
  const bool in_cluster =
      context.empty() && !environment("KUBERNETES_SERVICE_HOST").empty() && exists(root + "/token");
  if (in_cluster && prefer == Prefer::kInCluster) return inClusterConfig(root);
  std::vector<std::string> present;
  const std::string listed = environment("KUBECONFIG");
  for (const std::string_view path : split(listed, ':')) {
    if (!path.empty() && exists(std::string(path))) present.emplace_back(path);
  }
  const std::string home = environment("HOME") + "/.kube/config";
  if (present.empty() && listed.empty() && exists(home)) present.push_back(home);
  if (present.empty() && in_cluster) return inClusterConfig(root);
  if (present.empty()) {
    return Status(Code::kNotFound,
                  "no cluster configuration: tried --kubeconfig (not given), the service account "
                  "files in " +
                      root + ", " +
                      (listed.empty() ? home : "KUBECONFIG='" + printable(listed, 200) + "'"));
  }
  return mergedKubeconfig(present, context);
}

}  // namespace profiling::kube
