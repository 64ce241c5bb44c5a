// An event of reason FailedCreate: a controller could not create a pod because the API server refused
// it (a quota, a LimitRange, an admission policy). ReplicaSets, StatefulSets, DaemonSets and Jobs
// report it in these events only; a StatefulSet has no condition for it.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "operator/base/status.h"

namespace profiling::inject {

inline constexpr std::string_view kRefusalSelector = "reason=FailedCreate";  // of a watch of events

struct RefusalEvent {
  std::string namespace_, owner_kind, owner_name, owner_uid;
  std::string message;  // the API server's words, printable, at most 512 bytes
  std::int64_t at = 0;  // of the last one, in seconds since 1970
  std::string event;    // name of the event object
};
// kInvalidArgument where the owner is no name or uid of an object: the API server does not check what an
// event says about it.
Result<RefusalEvent> refusalFromEvent(const nlohmann::json& event);

}  // namespace profiling::inject
