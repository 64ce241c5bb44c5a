// The commands' reads and writes at the API server. Blocking calls; one thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "operator/cli/model.h"
#include "operator/cli/names.h"
#include "operator/kube/client.h"
#include "operator/kube/server_clock.h"
#include "operator/net/http_client.h"

namespace profiling::cli {

class ApiServer {
 public:
  // `http` must outlive this. Names without a namespace are looked up in `namespace_`.
  ApiServer(net::HttpClient& http, std::string namespace_,
            std::chrono::milliseconds deadline = std::chrono::seconds(30));

  // What the API server's clock is ahead of this machine's; 0 before its first answer.
  std::chrono::milliseconds ahead() const { return clock_.ahead(); }
  const std::string& ownNamespace() const { return namespace_; }
  net::HttpClient& http() { return client_.http(); }

  // kNotFound lists the existing names, or states that the kind is not installed.
  Result<Policy> policy(const PolicyName& name);
  Result<api::WorkloadProfile> workload(const WorkloadName& name);

  // An empty namespace means all. Objects that cannot be read are skipped and listed in
  // `unreadable`.
  Result<std::vector<Policy>> policies(std::string_view namespace_);
  Result<std::vector<Policy>> clusterPolicies();
  Result<Workloads> workloads(std::string_view namespace_);
  // The workloads that the policy applies to.
  Result<Workloads> workloadsOf(const Policy& policy);
  Result<std::map<std::string, std::map<std::string, std::string>>> namespaceLabels();

  // Raw objects, with kind and apiVersion filled in. An empty namespace means all.
  Result<std::vector<nlohmann::json>> objects(const kube::Resource& resource, std::string_view kind,
                                              std::string_view namespace_);
  // "pod/web-1" or "deployment/web" in ownNamespace().
  Result<nlohmann::json> podOrWorkload(std::string_view target);

  Status patch(const Policy& policy, const nlohmann::json& patch);
  Status patch(const api::WorkloadProfile& workload, const nlohmann::json& patch);

  // One line for each object that previous calls could not read.
  const std::vector<std::string>& unreadable() const { return unreadable_; }

 private:
  Result<std::vector<nlohmann::json>> list(const kube::Resource& resource,
                                           std::string_view namespace_);
  Result<std::vector<nlohmann::json>> pages(const kube::Resource& resource,
                                            std::string_view namespace_);
  template <class T, class Read>
  Result<std::vector<T>> readAll(const kube::Resource& resource, std::string_view namespace_,
                                 std::string_view kind, Read read);

  kube::ServerClock clock_;
  kube::DatedClient dated_;
  kube::Client client_;
  std::string namespace_;
  std::chrono::milliseconds deadline_;
  std::vector<std::string> unreadable_;
};

}  // namespace profiling::cli
