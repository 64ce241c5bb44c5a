// The patterns and CEL rules of the CRDs, each as a function. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace profiling::cli {

// Whether the text matches a `pattern` of the CRDs; null for a pattern that has no function.
using TextRule = std::function<bool(std::string_view)>;
TextRule patternRule(std::string_view pattern);

// Whether `self` satisfies a rule of x-kubernetes-validations, given its text; null for a rule that
// has no function. Rules about a change (oldSelf) hold for a new object.
using ObjectRule = std::function<bool(const nlohmann::json& self)>;
ObjectRule celRule(std::string_view rule);

}  // namespace profiling::cli
