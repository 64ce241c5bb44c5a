// Where the API server is and who we are: in-cluster files, or a kubeconfig.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::kube {

// Credentials stay file names where they are, so that rotated tokens are read again. Inline
// kubeconfig data (…-data) is held as PEM text. base_url is https://kubernetes.default.svc:443 or
// https://HOST:PORT; a CA is required.
//
// All errors are kInvalidArgument (or kNotFound for a file that is not there) and name the file,
// the field and what is allowed; none holds a credential.
struct ClusterConfig : net::ServerAccess {
  std::string namespace_;  // the pod's own, or the context's; "default" when unknown
};

// From /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST/PORT. The server
// is dialled by DNS name (https://kubernetes.default.svc) when the host is an IPv6 literal, which
// cpprestsdk cannot dial. `root` replaces the folder in tests.
Result<ClusterConfig> inClusterConfig(
    std::string_view root = "/var/run/secrets/kubernetes.io/serviceaccount");

// Reads a kubeconfig file; `context` empty means current-context. exec and auth-provider plugins
// are refused by name: what is allowed is a token, a token file or a client certificate.
Result<ClusterConfig> kubeconfigFile(const std::string& path, std::string_view context = {});

// Of two configurations that are both there.
enum class Prefer {
  kInCluster,   // a process of ours in a pod
  kKubeconfig,  // a person's tool: what kubectl would use
};

// --kubeconfig, else in-cluster when its files exist (never when a context is asked for: only a
// kubeconfig has contexts), else $KUBECONFIG, else ~/.kube/config; with kKubeconfig in-cluster
// comes last. $KUBECONFIG may list several files with ':' between them: as for kubectl, the first
// that names a thing wins and missing ones are skipped. Reads the environment: call it from one
// thread.
Result<ClusterConfig> loadConfig(const std::string& kubeconfig_flag, std::string_view context = {},
                                 Prefer prefer = Prefer::kInCluster);

}  // namespace profiling::kube
