#include <algorithm>
#include <tuple>

#include "operator/api/selector.h"
#include "operator/base/names.h"
#include "operator/inject/annotations.h"
#include "operator/inject/fact_log.h"

namespace profiling::inject {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

using Policy = std::shared_ptr<const api::EffectivePolicy>;

// The annotation's choice replaces selector and precedence: the owner of the pod has named it. Only
// a policy of the pod's own namespace can be named.
Policy choose(const api::PodView& pod, const Workload& workload, const PolicyList& policies,
              Decision& d) {
  const auto first = [&](const auto& fits) {
    const auto it = std::ranges::find_if(policies, fits);
    return it == policies.end() ? nullptr : *it;
  };
  if (const auto named = pod.annotation(api::kPolicyKey)) {
    if (isDnsSubdomain(*named)) {
      Policy policy =
          first([&](const Policy& p) { return !p->cluster && p->policy.metadata.name == *named; });
      d.reason = Reason::kUnknownPolicy;
      if (policy == nullptr) d.unknown_policy = std::string(*named);
      return policy;
    }
    d.warnings.push_back(
        invalidAnnotation(api::kPolicyKey, *named, "the name of a ProfilingPolicy"));
  }
  d.reason = Reason::kNoPolicy;
  return first([&](const Policy& p) { return selects(*p, pod, workload); });
}

}  // namespace

bool selects(const api::EffectivePolicy& policy, const api::PodView& pod,
             const Workload& workload) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  if (!spec.workload_kinds.empty() && !contains(spec.workload_kinds, workload.kind)) return false;
  return api::matches(spec.selector, [&](std::string_view key) { return pod.label(key); });
}

bool isExcluded(std::string_view namespace_, const Settings& settings) {
  return contains(settings.excluded_namespaces, namespace_) ||
         (!settings.operator_namespace.empty() && namespace_ == settings.operator_namespace);
}

void sortByPrecedence(PolicyList& policies) {
  std::ranges::sort(policies, [](const auto& a, const auto& b) {
    const auto key = [](const api::EffectivePolicy& e) {
      const api::ObjectMeta& metadata = e.policy.metadata;
      // RFC 3339 in UTC sorts as text.
      return std::make_tuple(-e.policy.spec.priority, e.cluster,
                             std::string_view(metadata.creation_timestamp),
                             std::string_view(metadata.name));
    };
    return key(*a) < key(*b);
  });
}

bool isCritical(const api::PodView& pod) {
  return pod.priority_class == "system-node-critical" ||
         pod.priority_class == "system-cluster-critical";
}

Decision decide(const api::PodView& pod, const Workload& workload,
                const api::NamespaceView& namespace_, const PolicyList& policies,
                const Settings& settings) {
  FactLog::add(Fact::kDecision, &pod);
  Decision d;
  const auto refuse = [&](Reason reason) {
    d.reason = reason;
    return d;
  };
  if (namespace_.excluded || isExcluded(pod.namespace_, settings))
    return refuse(Reason::kNamespaceExcluded);
  if (pod.annotation("kubernetes.io/config.mirror")) return refuse(Reason::kStaticPod);
  if (isCritical(pod)) return refuse(Reason::kCriticalPod);

  using Kind = InjectValue::Kind;
  const InjectValue own = parseInject(pod.annotation(api::kInjectKey), "pod", d.warnings);
  const InjectValue inherited = parseInject(namespace_.inject, "namespace", d.warnings);
  d.opted_in = own.kind == Kind::kYes || own.kind == Kind::kLanguages;
  if (own.kind == Kind::kNo || inherited.kind == Kind::kNo) return refuse(Reason::kOptedOut);

  if (!namespace_.seen) return refuse(Reason::kUnknownNamespace);
  d.chosen = choose(pod, workload, policies, d);
  if (d.chosen == nullptr) return d;
  if (d.mode() == api::PolicyMode::kObserve) d.warnings.clear();

  const InjectValue& asked = d.opted_in ? own : inherited;
  const bool wanted = asked.kind == Kind::kYes || asked.kind == Kind::kLanguages;
  if (!wanted && d.chosen->policy.spec.activation == api::Activation::kAnnotated) {
    return refuse(Reason::kNotOptedIn);
  }
  if (d.chosen->server_url.empty()) return refuse(Reason::kServerUnavailable);
  d.annotated_languages = asked.languages;
  d.reason = Reason::kInjected;
  return d;
}

}  // namespace profiling::inject
