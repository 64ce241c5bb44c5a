// Amounts of CPU, memory and ephemeral storage, as Kubernetes adds them up for a pod. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

enum class ResourceKind { kCpu, kMemory, kStorage };
inline constexpr std::array kResourceKinds{ResourceKind::kCpu, ResourceKind::kMemory,
                                           ResourceKind::kStorage};
template <class T>
class ByKind {
 public:
  T& operator[](ResourceKind kind) { return of_[static_cast<std::size_t>(kind)]; }
  const T& operator[](ResourceKind kind) const { return of_[static_cast<std::size_t>(kind)]; }

 private:
  std::array<T, kResourceKinds.size()> of_{};
};

std::string_view resourceName(ResourceKind kind);  // "cpu", "memory", "ephemeral-storage"

// The fields of one kind, of api::ResourcesView or AddedResources.
template <class Resources>
auto& requestOf(Resources& r, ResourceKind kind) {
  return kind == ResourceKind::kCpu      ? r.cpu_request
         : kind == ResourceKind::kMemory ? r.memory_request
                                         : r.storage_request;
}
template <class Resources>
auto& limitOf(Resources& r, ResourceKind kind) {
  return kind == ResourceKind::kCpu      ? r.cpu_limit
         : kind == ResourceKind::kMemory ? r.memory_limit
                                         : r.storage_limit;
}

// Quantities of a container that we add; empty: not set.
struct AddedResources {
  std::string cpu_request, cpu_limit, memory_request, memory_limit, storage_request, storage_limit;

  static AddedResources copyOf(const api::ResourcesView& r);
  api::ResourcesView view() const {
    return {cpu_request, cpu_limit, memory_request, memory_limit, storage_request, storage_limit};
  }
};

// Cores or bytes. nullopt: no container states any.
struct Usage {
  ByKind<std::optional<double>> requests, limits;
};
// What the pod's containers use together. Init containers run one after the other, beside the
// sidecars that started before them, so only the largest counts. `sidecar` is one more container
// that runs as long as the pod; may be null.
Usage usageOf(const api::PodView& pod, const api::ResourcesView* sidecar = nullptr);
// The same where spec.resources replaces the sum, as for LimitRanges and quotas.
Usage countedUsage(const api::PodView& pod, const Usage& sum);

double amountOf(std::string_view quantity);  // 0 for what is no quantity
// "1100m", "544Mi", "52428800". Rounds down.
std::string quantityText(ResourceKind kind, double amount);

}  // namespace profiling::inject
