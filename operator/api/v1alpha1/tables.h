// Field tables of the types that several kinds use: selectors and conditions. Internal.
#pragma once

#include "operator/api/fields.h"
#include "operator/api/v1alpha1/policy.h"

namespace profiling::api {

template <>
struct Table<LabelRequirement> {
  static constexpr auto fields =
      std::make_tuple(field("key", &LabelRequirement::key, {.required = true}),
                      field("operator", &LabelRequirement::op, {.required = true}),
                      field("values", &LabelRequirement::values));
};
template <>
struct Table<LabelSelector> {
  static constexpr auto fields =
      std::make_tuple(field("matchLabels", &LabelSelector::match_labels),
                      field("matchExpressions", &LabelSelector::match_expressions));
};
template <>
struct Table<Condition> {
  static constexpr auto fields = std::make_tuple(
      field("type", &Condition::type, {.required = true}),
      field("status", &Condition::status, {.required = true}),
      field("reason", &Condition::reason, {.required = true}),
      field("message", &Condition::message, {.required = true}),
      field("lastTransitionTime", &Condition::last_transition_time, {.required = true}),
      field("observedGeneration", &Condition::observed_generation));
};
template <>
struct Table<SkippedReason> {
  static constexpr auto fields =
      std::make_tuple(field("reason", &SkippedReason::reason, {.required = true}),
                      field("pods", &SkippedReason::pods, {.required = true}));
};

// apiVersion, kind and metadata around spec and status.
Json wrap(std::string_view kind, const ObjectMeta& metadata, Json spec, Json status);

}  // namespace profiling::api
