// Sinks of the webhook's watches of records, of profiled pods and of refused pods: they fill the
// rollout table and the breakers. Each sink belongs to one reflector, which calls it on its thread.
#pragma once

#include <atomic>
#include <memory>

#include "operator/kube/record_sink.h"
#include "webhooks/breakers.h"
#include "webhooks/rollout_table.h"

namespace profiling::webhooks {

// `synced` becomes true with the first complete list. All references must outlive the sink.
std::unique_ptr<kube::RecordSink> makeRecordsSink(RolloutTable& table, std::atomic<bool>& synced);
std::unique_ptr<kube::RecordSink> makeProfiledPodsSink(RolloutTable& table, Breakers& breakers,
                                                       std::atomic<bool>& synced);
std::unique_ptr<kube::RecordSink> makeRefusalsSink(Breakers& breakers);

}  // namespace profiling::webhooks
