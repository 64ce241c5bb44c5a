#include "operator/cli/names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "operator/base/text.h"

namespace profiling::cli {
namespace {

struct KindName {
  std::string_view word;
  std::string_view kind;
};

constexpr std::array<KindName, 33> kKinds{{
    {"policy", "ProfilingPolicy"},
    {"profilingpolicy", "ProfilingPolicy"},
    {"profilingpolicies", "ProfilingPolicy"},
    {"profilingpolicy.profiling.dev", "ProfilingPolicy"},
    {"profpol", "ProfilingPolicy"},
    {"clusterpolicy", "ClusterProfilingPolicy"},
    {"clusterprofilingpolicy", "ClusterProfilingPolicy"},
    {"clusterprofilingpolicies", "ClusterProfilingPolicy"},
    {"clusterprofilingpolicy.profiling.dev", "ClusterProfilingPolicy"},
    {"cprofpol", "ClusterProfilingPolicy"},
    {"deployment", "Deployment"},
    {"deployments", "Deployment"},
    {"deployment.apps", "Deployment"},
    {"deploy", "Deployment"},
    {"statefulset", "StatefulSet"},
    {"statefulsets", "StatefulSet"},
    {"statefulset.apps", "StatefulSet"},
    {"sts", "StatefulSet"},
    {"daemonset", "DaemonSet"},
    {"daemonsets", "DaemonSet"},
    {"daemonset.apps", "DaemonSet"},
    {"ds", "DaemonSet"},
    {"replicaset", "ReplicaSet"},
    {"replicasets", "ReplicaSet"},
    {"rs", "ReplicaSet"},
    {"cronjob", "CronJob"},
    {"cronjobs", "CronJob"},
    {"cj", "CronJob"},
    {"job", "Job"},
    {"jobs", "Job"},
    {"rollout", "Rollout"},
    {"rollouts", "Rollout"},
    {"ro", "Rollout"},
}};

Status refused(std::string_view text, const std::string& why) {
  return {Code::kInvalidArgument,
          "'" + printable(text) + "' " + why +
              ": must be a policy (NAME, policy/NAME or clusterpolicy/NAME) or a workload "
              "(deployment/NAME, statefulset/NAME, daemonset/NAME, cronjob/NAME, job/NAME, "
              "replicaset/NAME or rollout/NAME)"};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Whether the API server accepts the name, so that typing errors are reported early.
bool isName(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return !text.empty() && text.size() <= 253 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos && text.front() != '-' &&
         text.front() != '.' && text.back() != '-' && text.back() != '.';
}

}  // namespace

Result<Target> parseTarget(std::string_view text, bool cluster) {
  const std::size_t slash = text.find('/');
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  if (!isName(name)) {
    return refused(text, name.empty() ? "has no name" : "is not a valid Kubernetes name");
  }
  if (slash == std::string_view::npos) return Target(PolicyName{cluster, std::string(name)});
  const std::string word = lower(text.substr(0, slash));
  const auto* const found = std::ranges::find(kKinds, word, &KindName::word);
  if (found == kKinds.end()) return refused(text, "has an unknown kind");
  const bool of_cluster = found->kind == "ClusterProfilingPolicy";
  if (cluster && !of_cluster) return refused(text, "contradicts --cluster");
  if (of_cluster || found->kind == "ProfilingPolicy") {
    return Target(PolicyName{of_cluster, std::string(name)});
  }
  return Target(WorkloadName{std::string(found->kind), std::string(name)});
}

Status checkNamespace(std::string_view text) {
  if (text.empty() ||
      (isName(text) && text.size() <= 63 && text.find('.') == std::string_view::npos))
    return {};
  return {Code::kInvalidArgument, "namespace '" + printable(text) +
                                      "' must be at most 63 lower-case letters, digits and '-'"};
}

Result<PolicyName> parsePolicy(std::string_view text, bool cluster) {
  auto target = parseTarget(text, cluster);
  if (!target.ok()) return target.status();
  if (const auto* policy = std::get_if<PolicyName>(&*target)) return *policy;
  return Status(Code::kInvalidArgument,
                "'" + printable(text) +
                    "' is a workload: must be a policy (NAME, policy/NAME or clusterpolicy/NAME)");
}

Result<WorkloadName> parsePodOrWorkload(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string word = lower(text.substr(0, slash));
  if (slash != std::string_view::npos && (word == "pod" || word == "pods" || word == "po")) {
    if (isName(text.substr(slash + 1))) {
      return WorkloadName{"Pod", std::string(text.substr(slash + 1))};
    }
  } else if (slash != std::string_view::npos) {
    const auto target = parseTarget(text);
    if (target.ok() && std::holds_alternative<WorkloadName>(*target)) {
      return std::get<WorkloadName>(*target);
    }
  }
  return Status(Code::kInvalidArgument,
                "'" + printable(text) +
                    "' must be pod/NAME or a workload, such as deployment/NAME, statefulset/NAME "
                    "or cronjob/NAME");
}

}  // namespace profiling::cli
