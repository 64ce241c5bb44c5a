// Copies a parsed object into a tree that codecs read. Work is linear in the size of the object
// apart from the sort of wide objects' keys.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <simdjson.h>

#include "operator/base/status.h"

namespace profiling::admission {

// kInvalidArgument with the place ("/spec/selector") when an object repeats a key: the API server
// and this process could keep different values. The parser has bounded the depth.
Status objectTree(simdjson::dom::element object, nlohmann::json& out);

}  // namespace profiling::admission
