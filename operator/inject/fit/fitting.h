// Whether what we add to a pod fits: into spec.resources, the LimitRanges and ResourceQuotas of the
// namespace, and the ephemeral storage that the pod may use. The API server refuses a pod that
// exceeds one of them, and the kubelet evicts one that writes more than it may. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "operator/api/v1alpha1/policy.h"
#include "operator/inject/fit/namespace_bounds.h"
#include "operator/inject/fit/quota.h"

namespace profiling::inject {

// What an admission knows of the namespace. Both may be null: nothing is known.
struct NamespaceRoom {
  const NamespaceBounds* bounds = nullptr;
  std::shared_ptr<const Quotas> quotas;
};

// Empty `problem`: it fits. Else the object that has no room, with the numbers.
struct SidecarFit {
  AddedResources resources;
  std::string problem;
};

// One admission's additions, in the order in which they are planned. Views the pod.
class Fitting {
 public:
  Fitting(const api::PodView& pod, NamespaceRoom room) : pod_(pod), room_(std::move(room)) {}
  Fitting(const Fitting&) = delete;
  Fitting& operator=(const Fitting&) = delete;

  // The resources of the sidecar that scrapes `target`. The first call counts.
  const SidecarFit& sidecar(const api::ContainerView& target);
  // Reserves the disk that a copy of the agent takes. Empty: it fits, or is reserved already.
  std::string reserveCopy(api::Language language);
  // What was reserved, on the first of our init containers: an init container runs alone, so it
  // carries what the pod uses otherwise as well.
  void addReserved(AddedResources& resources);

 private:
  const Usage& before();
  // What the last addition adds to an amount.
  double added(const std::optional<double>& after, const std::optional<double>& before,
               ResourceKind kind) const;
  std::string excess(const Usage& after);
  std::string beyondPod(const Usage& after) const;
  std::string beyondRange(const Usage& after) const;
  std::string beyondQuota(const Usage& after) const;
  AddedResources wantedBeside(const api::ContainerView& target);
  void giveUpQuota(AddedResources& wanted) const;
  void shrink(AddedResources& wanted);

  const api::PodView& pod_;
  const NamespaceRoom room_;
  std::optional<Usage> before_;
  std::optional<SidecarFit> sidecar_;
  std::array<bool, api::kLanguageCount> reserved_{};
  double reserved_bytes_ = 0;
};

}  // namespace profiling::inject
