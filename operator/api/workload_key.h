// The identity of a workload: who owns a pod, as far as the pod itself shows. Written as
// "namespace/Kind/name" in queues, records and logs.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace profiling::api {

struct WorkloadKey {
  std::string namespace_, kind, name;

  // nullopt: `text` is not three non-empty parts. A name may hold no slash.
  static std::optional<WorkloadKey> parse(std::string_view text);
  std::string text() const;
  std::string kindAndName() const;  // "Kind/name"

  auto operator<=>(const WorkloadKey&) const = default;
};

// The same text from separate parts; one allocation.
std::string workloadKeyText(std::string_view namespace_, std::string_view kind,
                            std::string_view name);

}  // namespace profiling::api
