// What the commands read from and write to the API server. Blocking calls, one thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "operator/cli/model.h"
#include "operator/cli/names.h"
#include "operator/kube/client.h"
#include "operator/net/http_client.h"

namespace profiling::cli {

class ApiServer {
 public:
  // `http` must outlive this. `namespace_` is the one that names without a namespace are in.
  ApiServer(net::HttpClient& http, std::string namespace_,
            std::chrono::milliseconds deadline = std::chrono::seconds(30));

  const std::string& ownNamespace() const { return namespace_; }
  net::HttpClient& http() { return client_.http(); }

  // kNotFound names what there is instead, or says that the kind is not installed.
  Result<Policy> policy(const PolicyName& name);
  Result<api::WorkloadProfile> workload(const WorkloadName& name);

  // An empty namespace means all. An object that cannot be read is left out and named in
  // `unreadable`.
  Result<std::vector<Policy>> policies(std::string_view namespace_);
  Result<std::vector<Policy>> clusterPolicies();
  Result<Workloads> workloads(std::string_view namespace_);
  // Those that the policy decides about.
  Result<Workloads> workloadsOf(const Policy& policy);
  Result<std::map<std::string, std::map<std::string, std::string>>> namespaceLabels();

  // As they are, of a kind whose items name none. An empty namespace means all.
  Result<std::vector<nlohmann::json>> objects(const kube::Resource& resource, std::string_view kind,
                                              std::string_view namespace_);
  // "pod/web-1", "deployment/web": of the own namespace.
  Result<nlohmann::json> podOrWorkload(std::string_view target);

  Status patch(const Policy& policy, const nlohmann::json& patch);
  Status patch(const api::WorkloadProfile& workload, const nlohmann::json& patch);

  // One line for each object that the last calls could not read.
  const std::vector<std::string>& unreadable() const { return unreadable_; }

 private:
  Result<std::vector<nlohmann::json>> list(const kube::Resource& resource,
                                           std::string_view namespace_);
  Result<std::vector<nlohmann::json>> pages(const kube::Resource& resource,
                                            std::string_view namespace_);
  template <class T, class Read>
  Result<std::vector<T>> readAll(const kube::Resource& resource, std::string_view namespace_,
                                 std::string_view kind, Read read);

  kube::Client client_;
  std::string namespace_;
  std::chrono::milliseconds deadline_;
  std::vector<std::string> unreadable_;
};

}  // namespace profiling::cli
