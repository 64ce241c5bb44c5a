// The labels of every profile of this pod. Pure.
// Reads PYROSCOPE_LABELS as the other agents of this project do.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiling::scrape {

using Labels = std::vector<std::pair<std::string, std::string>>;

// `service` and the pairs of `text`, k=v,k2=v2. Left out are malformed pairs, values that no server
// accepts, reserved names (service_name, __…) and a name's second value: a profile without a tag is
// worth more than none.
Labels labelsOf(std::string_view service, std::string_view text);

}  // namespace profiling::scrape
