// The API server's address and our credentials, from in-cluster files or a kubeconfig.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

// Credentials in files stay file names, so that rotated tokens are read again. Inline
// kubeconfig data (…-data) is held as PEM text. base_url is https://kubernetes.default.svc:443 or
// https://HOST:PORT; a CA is required.
//
// All errors are kInvalidArgument (or kNotFound for a missing file) and name the file,
// the field and what is allowed; none holds a credential.
struct ClusterConfig : net::ServerAccess {
  std::string namespace_;  // the pod's or the context's; "default" if unknown
};

// From /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST/PORT. The server
// is dialled by DNS name (https://kubernetes.default.svc) when the host is an IPv6 literal, which
// cpprestsdk cannot dial. `root` replaces the folder in tests.
Result<ClusterConfig> inClusterConfig(
    std::string_view root = "/var/run/secrets/kubernetes.io/serviceaccount");

// Reads a kubeconfig file; `context` empty means current-context. exec and auth-provider plugins
// are refused by name: allowed are a token, a token file and a client certificate.
Result<ClusterConfig> kubeconfigFile(const std::string& path, std::string_view context = {});

// Which configuration wins if both exist.
enum class Prefer {
  kInCluster,   // for our processes in pods
  kKubeconfig,  // for command-line tools: as kubectl chooses
};

// --kubeconfig, else in-cluster when its files exist (never if a context is given: only a
// kubeconfig has contexts), else $KUBECONFIG, else ~/.kube/config; with kKubeconfig in-cluster
// comes last. $KUBECONFIG may list several files with ':' between them: as for kubectl, the first
// to define an entry wins and missing files are skipped. Reads the environment: call it from one
// thread.
Result<ClusterConfig> loadConfig(const std::string& kubeconfig_flag, std::string_view context = {},
                                 Prefer prefer = Prefer::kInCluster);

}  // namespace profiling::kube
