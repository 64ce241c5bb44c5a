// Pods, policies and settings as literals. Everything views string literals.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/inject/decide_pod.h"
#include "operator/inject/pod_reading.h"

namespace profiling::inject {

inline Settings settings() {
  Settings s;
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    s.agents[i] = {
        "registry/agent-" + std::string(api::languageToken(static_cast<api::Language>(i))) + ":1",
        "1"};
  }
  s.operator_namespace = "profiling-system";
  return s;
}

inline std::shared_ptr<api::EffectivePolicy> policy(std::string name = "shop") {
  auto p = std::make_shared<api::EffectivePolicy>();
  p->policy.metadata.name = std::move(name);
  p->policy.metadata.namespace_ = "shop";
  p->policy.spec.activation = api::Activation::kSelected;
  p->revision = "0123456789";
  p->server_url = "http://pyroscope:4040";
  return p;
}

inline std::shared_ptr<api::EffectivePolicy> clusterPolicy(std::string name) {
  auto p = policy(std::move(name));
  p->policy.metadata.namespace_.clear();
  p->cluster = true;
  return p;
}

inline api::ContainerView container(std::string_view name = "app") {
  api::ContainerView c;
  c.name = name;
  c.image = "example/app:1";
  return c;
}

inline api::PodView pod() {
  api::PodView p;
  p.name = "web";
  p.namespace_ = "shop";
  p.containers.push_back(container());
  return p;
}

inline void annotate(api::PodView& p, std::string_view key, std::string_view value) {
  p.has_annotations = true;
  p.annotations.push_back({key, value});
}

inline void label(api::PodView& p, std::string_view key, std::string_view value) {
  p.has_labels = true;
  p.labels.push_back({key, value});
}

inline void setEnv(api::ContainerView& c, std::string_view name, std::string_view value) {
  c.has_env = true;
  c.env.push_back({name, value, false});
}

// Under `policies` in namespace shop, without a rollout.
inline Decision decideFor(const api::PodView& p, const PolicyList& policies,
                          const Settings& s = settings()) {
  return decide(p, workloadOf(p), {"shop", {}}, policies, s);
}

inline InjectionPlan planUnder(const PolicyList& policies, const api::PodView& p,
                               const Settings& s = settings(),
                               std::shared_ptr<const KnownOfWorkload> known = nullptr,
                               const Surroundings& around = {}) {
  const Decision decision = decideFor(p, policies, s);
  const PodReading reading(p, workloadOf(p), OwnImages(p, s, decision.chosen.get()),
                           std::move(known));
  return planInjection(decision, assignedAsDecided(decision), reading, s, around);
}

// A pod that is there already.
class Given final : public PodSource {
 public:
  explicit Given(api::PodView pod) : pod_(std::move(pod)) {}
  Status decodeMetadata(api::PodView& pod) override {
    pod = pod_;
    return Status();
  }
  Status decodeSpec(api::PodView&, std::string&) override { return Status(); }

 private:
  const api::PodView pod_;
};

}  // namespace profiling::inject
