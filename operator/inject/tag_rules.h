// What agents take as a tag. Pure.
#pragma once

#include <string_view>

namespace profiling::inject {

// The name and the value of a tag. The CRDs' rule about `tags` says the same.
bool isTagName(std::string_view name);
bool isTagValue(std::string_view value);

}  // namespace profiling::inject
