// The part of a ResourceQuota that decides whether what we add to a pod still fits. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "operator/inject/fit/amounts.h"

namespace profiling::inject {

struct QuotaCounter {
  double hard = 0, used = 0;
  double left() const { return hard - used; }
};

// A scope as of spec.scopeSelector; spec.scopes are operator Exists.
struct QuotaScope {
  std::string name, op;
  std::vector<std::string> values;
};

struct Quota {
  std::string name;
  ByKind<std::optional<QuotaCounter>> requests, limits;  // nullopt: not counted
  std::vector<QuotaScope> scopes;

  bool counts() const;  // any of them
};
using Quotas = std::vector<Quota>;  // of one namespace

// From status, or from spec where the quota has no status yet. Needs no other field.
Quota quotaOf(const nlohmann::json& object);
// Whether the quota counts the pod. A scope that the pod does not show counts as met.
bool mayCount(const Quota& quota, const api::PodView& pod);

}  // namespace profiling::inject
