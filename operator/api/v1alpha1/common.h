// Types that the kinds of profiling.dev/v1alpha1 share. Plain values; fields.h and the .cc files read
// and write JSON. The YAML in crds/ is the source of truth; a test compares both ways.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::api {

inline constexpr std::string_view kGroup = "profiling.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "profiling.dev/v1alpha1";

// Annotations and labels on pods, pod templates and namespaces.
inline constexpr std::string_view kInjectKey = "profiling.dev/inject";
// Label of a namespace that the webhook's configuration leaves out.
inline constexpr std::string_view kExcludeKey = "profiling.dev/exclude";
inline constexpr std::string_view kContainersKey = "profiling.dev/containers";
inline constexpr std::string_view kPolicyKey = "profiling.dev/policy";
inline constexpr std::string_view kServiceNameKey = "profiling.dev/service-name";
inline constexpr std::string_view kTagsKey = "profiling.dev/tags";
// Port and path prefix of /debug/pprof.
inline constexpr std::string_view kPprofPortKey = "profiling.dev/pprof-port";
inline constexpr std::string_view kPprofPathPrefixKey = "profiling.dev/pprof-path-prefix";
inline constexpr std::string_view kLibcKey = "profiling.dev/libc";
inline constexpr std::string_view kProfiledKey =
    "profiling.dev/profiled";  // label: revision's short hash
// On records: "Kind/name" of the workload as its pods show it, which may differ from the record's
// own workload if the pods alone do not show their owner.
inline constexpr std::string_view kGroupKey = "profiling.dev/pod-group";
inline constexpr std::string_view kDecisionKey =
    "profiling.dev/decision";  // annotation: JSON, <= 2 KiB

struct ObjectMeta {
  std::string name;
  std::string namespace_;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::string creation_timestamp;  // RFC 3339, as received
  bool deleting = false;
  std::map<std::string, std::string> labels;
  // Those of the group profiling.dev, up to 1 KiB each: caches hold these objects, and others' annotations
  // may take 256 KiB of each.
  std::map<std::string, std::string> annotations;
};

// metav1.LabelSelector. An empty selector selects everything.
struct LabelRequirement {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;
};
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelRequirement> match_expressions;
};

// metav1.Condition.
struct Condition {
  std::string type;
  std::string status;  // True, False, Unknown
  std::string reason;
  std::string message;
  std::string last_transition_time;
  std::int64_t observed_generation = 0;
};

// Sets or replaces the condition of that type; last_transition_time changes to `now` only when the
// status flips. Returns true if anything changed.
bool setCondition(std::vector<Condition>& conditions, Condition wanted, std::string_view now);
const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace profiling::api
