// The labels that every profile of this pod carries. Pure.
// The same reading of PYROSCOPE_LABELS as the other agents of this project have.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiling::scrape {

using Labels = std::vector<std::pair<std::string, std::string>>;

// `service` and the pairs of `text`, k=v,k2=v2. What is no pair, what no server would take, names
// that are ours (service_name, __…) and a name's second value are left out: a profile without a tag
// is worth more than none.
Labels labelsOf(std::string_view service, std::string_view text);

}  // namespace profiling::scrape
