// Reads an event of a watch whose line is too long to keep, from the beginning of that line: enough to
// go on after it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "operator/kube/decode.h"

namespace profiling::kube {

struct CutEvent {
  EventType type = EventType::kUnknown;
  std::string key;               // objectKey(); empty when resource_version is
  std::string resource_version;  // empty when it comes after the cut
};

// kUnknown for anything that does not begin as an event. The API server writes the type first, and the
// metadata of built-in kinds before everything that their users can make long.
CutEvent readCutEvent(std::string_view head);

}  // namespace profiling::kube
