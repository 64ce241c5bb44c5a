#include "operator/inject/fit/namespace_bounds.h"

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/base/quantity.h"
#include "operator/inject/fit/quantity_json.h"

namespace profiling::inject {
namespace {

Bound boundIn(const nlohmann::json& item, const char* bound, ResourceKind kind,
              const std::string& object) {
  std::string text = quantityIn(api::member(item, bound, resourceName(kind)));
  return parseQuantity(text) ? Bound{std::move(text), object} : Bound{};
}

// The greater, or the smaller, of two bounds that may be missing.
const Bound& pick(const Bound& a, const Bound& b, bool greater) {
  if (!a.set()) return b;
  if (!b.set()) return a;
  return (amountOf(a.text) > amountOf(b.text)) == greater ? a : b;
}

void tighten(ByKind<Range>& to, const ByKind<Range>& with) {
  for (const ResourceKind kind : kResourceKinds) {
    to[kind].min = pick(to[kind].min, with[kind].min, true);
    to[kind].max = pick(to[kind].max, with[kind].max, false);
    to[kind].ratio = pick(to[kind].ratio, with[kind].ratio, false);
    to[kind].defaults = to[kind].defaults || with[kind].defaults;
  }
}

void fitOne(std::string& request, std::string& limit, const Range& range) {
  const std::string& most = range.max.text;
  const std::string& least = range.min.text;
  if (!most.empty() && (limit.empty() || amountOf(limit) > amountOf(most))) limit = most;
  if (!least.empty() && amountOf(request) < amountOf(least)) request = least;
  if (!limit.empty() && amountOf(limit) < amountOf(request)) limit = request;
  if (range.ratio.set() && !limit.empty()) request = limit;
}

bool anyOf(const ByKind<Range>& ranges) {
  for (const ResourceKind kind : kResourceKinds) {
    const Range& range = ranges[kind];
    if (range.min.set() || range.max.set() || range.ratio.set() || range.defaults) return true;
  }
  return false;
}

}  // namespace

bool NamespaceBounds::any() const {
  return anyOf(container) || anyOf(pod);
}

NamespaceBounds boundsOf(const nlohmann::json& limit_range) {
  NamespaceBounds out;
  const std::string object = api::text(api::member(limit_range, "metadata", "name"));
  const nlohmann::json& limits = api::member(limit_range, "spec", "limits");
  if (!limits.is_array()) return out;
  for (const nlohmann::json& item : limits) {
    const std::string type = api::text(api::member(item, "type"));
    if (type != "Container" && type != "Pod") continue;
    ByKind<Range> ranges;
    for (const ResourceKind kind : kResourceKinds) {
      ranges[kind] = {boundIn(item, "min", kind, object), boundIn(item, "max", kind, object),
                      boundIn(item, "maxLimitRequestRatio", kind, object),
                      type == "Container" && (boundIn(item, "default", kind, object).set() ||
                                              boundIn(item, "defaultRequest", kind, object).set())};
    }
    tighten(type == "Pod" ? out.pod : out.container, ranges);
  }
  return out;
}

NamespaceBounds tighter(const NamespaceBounds& a, const NamespaceBounds& b) {
  NamespaceBounds out = a;
  tighten(out.container, b.container);
  tighten(out.pod, b.pod);
  return out;
}

void bringWithin(AddedResources& resources, const NamespaceBounds& bounds) {
  for (const ResourceKind kind : kResourceKinds) {
    fitOne(requestOf(resources, kind), limitOf(resources, kind), bounds.container[kind]);
  }
}

}  // namespace profiling::inject
