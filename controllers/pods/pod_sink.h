// Writes a reflector's pods into a PodTable.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controllers/pods/pod_table.h"
#include "operator/kube/record_sink.h"

namespace profiling::controllers {

// Called on the reflector's thread, once for each group of a batch whose pods have changed.
// `bulk`: the change comes from a list, so it is not urgent.
using GroupChanged = std::function<void(const std::string& group, bool bulk)>;

// `table` must outlive the sink and have no other writer.
std::unique_ptr<kube::RecordSink> makePodSink(PodTable& table, GroupChanged changed);

}  // namespace profiling::controllers
