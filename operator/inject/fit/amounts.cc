#include "operator/inject/fit/amounts.h"

#include <algorithm>
#include <cmath>

#include "operator/base/quantity.h"
#include "operator/base/str_cat.h"

namespace profiling::inject {
namespace {

void add(std::optional<double>& sum, const std::optional<double>& more) {
  if (more) sum = sum.value_or(0) + *more;
}

void addAll(Usage& sum, const Usage& more) {
  for (const ResourceKind kind : kResourceKinds) {
    add(sum.requests[kind], more.requests[kind]);
    add(sum.limits[kind], more.limits[kind]);
  }
}

void raiseAll(Usage& to, const Usage& least) {
  for (const ResourceKind kind : kResourceKinds) {
    to.requests[kind] = std::max(to.requests[kind], least.requests[kind]);
    to.limits[kind] = std::max(to.limits[kind], least.limits[kind]);
  }
}

// A limit without a request is the request as well.
Usage usageOfContainer(const api::ResourcesView& r) {
  Usage out;
  for (const ResourceKind kind : kResourceKinds) {
    out.limits[kind] = parseQuantity(limitOf(r, kind));
    out.requests[kind] = parseQuantity(requestOf(r, kind));
    if (!out.requests[kind]) out.requests[kind] = out.limits[kind];
  }
  return out;
}

}  // namespace

std::string_view resourceName(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kCpu:
      return "cpu";
    case ResourceKind::kMemory:
      return "memory";
    case ResourceKind::kStorage:
      return "ephemeral-storage";
  }
  return {};
}

AddedResources AddedResources::copyOf(const api::ResourcesView& r) {
  AddedResources out;
  for (const ResourceKind kind : kResourceKinds) {
    requestOf(out, kind) = requestOf(r, kind);
    limitOf(out, kind) = limitOf(r, kind);
  }
  return out;
}

Usage usageOf(const api::PodView& pod, const api::ResourcesView* sidecar) {
  Usage running, sidecars, starting;
  for (const api::ContainerView& c : pod.containers) {
    addAll(running, usageOfContainer(c.resources));
  }
  for (const api::ContainerView& c : pod.init_containers) {
    Usage now = sidecars;
    addAll(now, usageOfContainer(c.resources));
    if (c.is_native_sidecar) sidecars = now;
    raiseAll(starting, now);
  }
  addAll(running, sidecars);
  if (sidecar != nullptr) addAll(running, usageOfContainer(*sidecar));
  raiseAll(running, starting);
  return running;
}

Usage countedUsage(const api::PodView& pod, const Usage& sum) {
  Usage out = sum;
  for (const ResourceKind kind : kResourceKinds) {
    const auto limit = parseQuantity(limitOf(pod.resources, kind));
    const auto request = parseQuantity(requestOf(pod.resources, kind));
    if (limit) out.limits[kind] = limit;
    if (request) {
      out.requests[kind] = request;
    } else if (limit && !out.requests[kind]) {
      out.requests[kind] = limit;
    }
  }
  return out;
}

double amountOf(std::string_view quantity) {
  return parseQuantity(quantity).value_or(0);
}

std::string quantityText(ResourceKind kind, double amount) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  constexpr double kRounding = 1e-9;  // 0.3 is a little less than 300m
  if (kind == ResourceKind::kCpu) {
    const double milli = std::floor(amount * 1000 + kRounding * 1000);
    if (std::fmod(milli, 1000) == 0) return strCat(static_cast<std::int64_t>(milli / 1000));
    return strCat(static_cast<std::int64_t>(milli), 'm');
  }
  if (std::fmod(amount, kMebibyte) == 0) {
    return strCat(static_cast<std::int64_t>(amount / kMebibyte), "Mi");
  }
  return strCat(static_cast<std::int64_t>(amount));
}

}  // namespace profiling::inject
