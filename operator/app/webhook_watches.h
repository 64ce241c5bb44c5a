// What the webhook watches, and what it makes of it: the snapshot that admissions are decided from,
// and the table of rollouts.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "operator/app/options.h"
#include "operator/kube/reflector.h"
#include "operator/kube/store.h"
#include "webhooks/mutate_pod.h"
#include "webhooks/validate_object.h"

namespace profiling::app {

// Everything given must outlive it. start() and stop() from one thread, the rest from any.
class WebhookWatches {
 public:
  WebhookWatches(net::HttpClient& http, const CommonOptions& options, webhooks::PodMutator& mutator,
                 webhooks::RolloutTable& rollouts);

  void start();
  void stop();
  std::optional<std::string> unsynced() const;  // what is not listed yet
  const auto& reflectors() const { return reflectors_; }
  // What an object of ours may refer to; it holds as long as this.
  webhooks::KnownObjects known() const;

 private:
  void rebuild();

  const api::AgentImages agents_;
  const std::string operator_namespace_;
  webhooks::PodMutator& mutator_;
  std::mutex mutex_;
  kube::Store<api::ProfilingPolicy> policies_;
  kube::Store<api::ProfilingServer> servers_;
  kube::Store<inject::NamespaceRecord> namespaces_;
  kube::Store<api::ClusterProfilingPolicy> cluster_policies_;
  kube::Store<api::Revision> revisions_;
  kube::Store<inject::LimitRangeRecord> limit_ranges_;
  std::atomic<bool> records_synced_{false}, pods_synced_{false};
  std::array<std::unique_ptr<kube::Reflector>, 8> reflectors_;
};

}  // namespace profiling::app
