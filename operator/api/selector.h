// Evaluation of label selectors. Pure; O(selector size * log labels).
#pragma once

#include <functional>
#include <string_view>

#include "operator/api/v1alpha1/common.h"
#include "operator/base/status.h"

namespace profiling::api {

// Returns the value of a label, or nullopt: one matcher serves maps and decoded views.
using LabelLookup = std::function<std::optional<std::string_view>(std::string_view key)>;

bool matches(const LabelSelector& selector, const LabelLookup& labels);
bool matches(const LabelSelector& selector, const std::map<std::string, std::string>& labels);

// Checks operators and that In/NotIn have values and Exists/DoesNotExist have none, as the API
// server does for built-in kinds.
Status validate(const LabelSelector& selector, std::string_view path);

}  // namespace profiling::api
