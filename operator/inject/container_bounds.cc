#include "operator/inject/container_bounds.h"

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/base/quantity.h"

namespace profiling::inject {
namespace {

double amount(std::string_view quantity) {
  return parseQuantity(quantity).value_or(0);
}

std::string quantityIn(const nlohmann::json& item, const char* bound, const char* resource) {
  std::string text = api::text(api::member(item, bound, resource));
  return parseQuantity(text) ? text : std::string();
}

// The greater, or the smaller, of two bounds that may be missing.
const std::string& pick(const std::string& a, const std::string& b, bool greater) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return (amount(a) > amount(b)) == greater ? a : b;
}

void fit(std::string_view& request, std::string_view& limit, std::string_view least,
         std::string_view most, bool ratio) {
  if (!most.empty() && (limit.empty() || amount(limit) > amount(most))) limit = most;
  if (!least.empty() && amount(request) < amount(least)) request = least;
  if (!limit.empty() && amount(limit) < amount(request)) limit = request;
  if (ratio && !limit.empty()) request = limit;
}

}  // namespace

ContainerBounds boundsOf(const nlohmann::json& limit_range) {
  ContainerBounds out;
  const nlohmann::json& limits = api::member(limit_range, "spec", "limits");
  if (!limits.is_array()) return out;
  for (const nlohmann::json& item : limits) {
    if (api::text(api::member(item, "type")) != "Container") continue;
    const nlohmann::json& ratio = api::member(item, "maxLimitRequestRatio");
    out = tighter(out, {quantityIn(item, "min", "cpu"), quantityIn(item, "max", "cpu"),
                        quantityIn(item, "min", "memory"), quantityIn(item, "max", "memory"),
                        ratio.is_object() && !ratio.empty()});
  }
  return out;
}

ContainerBounds tighter(const ContainerBounds& a, const ContainerBounds& b) {
  return {pick(a.cpu_min, b.cpu_min, true), pick(a.cpu_max, b.cpu_max, false),
          pick(a.memory_min, b.memory_min, true), pick(a.memory_max, b.memory_max, false),
          a.ratio || b.ratio};
}

api::ResourcesView within(const api::ResourcesView& wanted, const ContainerBounds& bounds) {
  api::ResourcesView out = wanted;
  fit(out.cpu_request, out.cpu_limit, bounds.cpu_min, bounds.cpu_max, bounds.ratio);
  fit(out.memory_request, out.memory_limit, bounds.memory_min, bounds.memory_max, bounds.ratio);
  return out;
}

}  // namespace profiling::inject
