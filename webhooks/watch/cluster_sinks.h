// Sinks of the webhook's watches of ResourceQuotas and Nodes: they fill the cluster table. Each
// belongs to one reflector, which calls it on its thread.
#pragma once

#include <atomic>
#include <memory>

#include "operator/kube/record_sink.h"
#include "webhooks/cluster_table.h"

namespace profiling::webhooks {

// `synced` becomes true with the first complete list. Both references must outlive the sink.
std::unique_ptr<kube::RecordSink> makeQuotasSink(ClusterTable& table, std::atomic<bool>& synced);
std::unique_ptr<kube::RecordSink> makeNodesSink(ClusterTable& table, std::atomic<bool>& synced);

}  // namespace profiling::webhooks
