#include "operator/inject/fit/fitting.h"

#include <algorithm>
#include <cmath>

#include "operator/base/quantity.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

// The sidecar was measured at under 10 MiB and a thousandth of a core. It requests nothing, and is
// the first to be killed where a node runs out of memory; a Guaranteed pod needs requests that equal
// the limits.
constexpr std::string_view kNothing = "0";
constexpr std::string_view kCpuLimit = "100m", kMemoryLimit = "32Mi", kCpuGuaranteed = "20m";
constexpr std::string_view kStorageLimit = "32Mi";  // its log
constexpr double kLeastCpu = 0.02;
// A quota has to hold as many pods with the addition as without it. Counting ends here.
constexpr double kPodsToCome = 10;

bool exceeds(double amount, double most) {
  return amount > most * (1 + 1e-9);  // sums of decimal fractions
}
bool exceeds(const std::optional<double>& amount, double most) {
  return amount && exceeds(*amount, most);
}

bool same(std::string_view request, std::string_view limit) {
  const auto most = parseQuantity(limit);
  return most && *most > 0 && (request.empty() || parseQuantity(request) == most);
}

// Whether the pod is of QoS class Guaranteed by its containers.
bool isGuaranteed(const api::PodView& pod) {
  const auto reserves = [](const api::ContainerView& c) {
    return same(c.resources.cpu_request, c.resources.cpu_limit) &&
           same(c.resources.memory_request, c.resources.memory_limit);
  };
  return std::ranges::all_of(pod.containers, reserves) &&
         std::ranges::all_of(pod.init_containers, reserves);
}

std::string quoted(std::string_view kind, std::string_view name) {
  return strCat(kind, " \"", printable(name, 63), '"');
}

double ratioOf(const Usage& usage, ResourceKind kind) {
  const double request = usage.requests[kind].value_or(0);
  return request > 0 ? usage.limits[kind].value_or(0) / request : 0;
}

// What one counter refuses. `before` and `after` are the pod's amounts.
std::string beyondCounter(const Quota& quota, const QuotaCounter& counter, std::string_view prefix,
                          ResourceKind kind, double before, double after, double more) {
  if (!exceeds(after, before)) return {};
  const double left = std::max(counter.left(), 0.0);
  const double pods =
      before > 0 ? std::clamp(std::floor(left / before + 1e-9), 1.0, kPodsToCome) : 1.0;
  if (!exceeds(pods * after, left)) return {};
  return strCat(
      quoted("ResourceQuota", quota.name), " has ", quantityText(kind, left), " of ", prefix,
      resourceName(kind), " left: with ", quantityText(kind, more),
      pods > 1 ? " more for each, fewer pods of this size fit" : " more, the pod does not fit");
}

}  // namespace

const Usage& Fitting::before() {
  if (!before_) before_ = usageOf(pod_);
  return *before_;
}

double Fitting::added(const std::optional<double>& after, const std::optional<double>& before,
                      ResourceKind kind) const {
  const double reserved = kind == ResourceKind::kStorage ? reserved_bytes_ : 0;
  return after.value_or(0) - before.value_or(0) - reserved;
}

std::string Fitting::beyondPod(const Usage& after) const {
  for (const ResourceKind kind : kResourceKinds) {
    const auto most = parseQuantity(requestOf(pod_.resources, kind));
    if (!most || !exceeds(after.requests[kind], *most)) continue;
    if (!exceeds(after.requests[kind], before_->requests[kind].value_or(0))) continue;
    return strCat("spec.resources requests ", quantityText(kind, *most), " of ", resourceName(kind),
                  ": no room for ",
                  quantityText(kind, added(after.requests[kind], before_->requests[kind], kind)),
                  " more");
  }
  return {};
}

std::string Fitting::beyondRange(const Usage& after) const {
  if (room_.bounds == nullptr) return {};
  const Usage counted = countedUsage(pod_, after), was = countedUsage(pod_, *before_);
  for (const ResourceKind kind : kResourceKinds) {
    const Range& range = room_.bounds->pod[kind];
    const double limit = counted.limits[kind].value_or(0);
    if (range.max.set()) {
      const double most = amountOf(range.max.text);
      const double amount = std::max(limit, counted.requests[kind].value_or(0));
      const double without = std::max(was.limits[kind].value_or(0), was.requests[kind].value_or(0));
      if (exceeds(amount, most) && exceeds(amount, without)) {
        return strCat(quoted("LimitRange", range.max.from), " allows a pod ", range.max.text,
                      " of ", resourceName(kind), ": no room for ",
                      quantityText(kind, added(counted.limits[kind], was.limits[kind], kind)),
                      " more");
      }
    }
    if (range.ratio.set()) {
      const double most = amountOf(range.ratio.text);
      if (exceeds(ratioOf(counted, kind), most) && !exceeds(ratioOf(was, kind), most)) {
        return strCat(quoted("LimitRange", range.ratio.from), " allows a pod ", range.ratio.text,
                      " times its request of ", resourceName(kind), " as limit: no room for ",
                      quantityText(kind, added(counted.limits[kind], was.limits[kind], kind)),
                      " more");
      }
    }
  }
  return {};
}

std::string Fitting::beyondQuota(const Usage& after) const {
  if (room_.quotas == nullptr) return {};
  const Usage counted = countedUsage(pod_, after), was = countedUsage(pod_, *before_);
  for (const Quota& quota : *room_.quotas) {
    if (!mayCount(quota, pod_)) continue;
    for (const ResourceKind kind : kResourceKinds) {
      const double overhead = amountOf(requestOf(pod_.overhead, kind));
      std::string problem;
      if (quota.limits[kind]) {
        const double extra = was.limits[kind] ? overhead : 0;
        problem = beyondCounter(quota, *quota.limits[kind], "limits.", kind,
                                was.limits[kind].value_or(0) + extra,
                                counted.limits[kind].value_or(0) + extra,
                                added(counted.limits[kind], was.limits[kind], kind));
      }
      if (problem.empty() && quota.requests[kind]) {
        problem = beyondCounter(quota, *quota.requests[kind], "requests.", kind,
                                was.requests[kind].value_or(0) + overhead,
                                counted.requests[kind].value_or(0) + overhead,
                                added(counted.requests[kind], was.requests[kind], kind));
      }
      if (!problem.empty()) return problem;
    }
  }
  return {};
}

std::string Fitting::excess(const Usage& after) {
  (void)before();
  std::string problem = beyondPod(after);
  if (problem.empty()) problem = beyondRange(after);
  if (problem.empty()) problem = beyondQuota(after);
  return problem;
}

// Requests and limits where the target or the pod has them, because a quota may demand them; equal
// ones in a pod that its containers make Guaranteed.
AddedResources Fitting::wantedBeside(const api::ContainerView& target) {
  AddedResources out;
  const bool whole = pod_.resources.any();
  const bool guaranteed = !whole && isGuaranteed(pod_);
  for (const ResourceKind kind : {ResourceKind::kCpu, ResourceKind::kMemory}) {
    const bool cpu = kind == ResourceKind::kCpu;
    std::string& request = requestOf(out, kind);
    std::string& limit = limitOf(out, kind);
    if (guaranteed) {
      request = limit = cpu ? kCpuGuaranteed : kMemoryLimit;
      continue;
    }
    const std::string_view most = limitOf(pod_.resources, kind);
    const bool limited = !limitOf(target.resources, kind).empty() || !most.empty();
    const bool requested =
        !requestOf(target.resources, kind).empty() || !requestOf(pod_.resources, kind).empty();
    if (limited) limit = cpu ? kCpuLimit : kMemoryLimit;
    if (limited && !most.empty() && amountOf(most) < amountOf(limit)) limit = most;
    if (limited || requested) request = kNothing;
  }
  if (room_.bounds != nullptr) {
    const Range& each = room_.bounds->container[ResourceKind::kStorage];
    const Range& all = room_.bounds->pod[ResourceKind::kStorage];
    if (each.defaults || each.min.set() || each.max.set() || all.max.set() || all.ratio.set()) {
      out.storage_request = kNothing;
      out.storage_limit = kStorageLimit;
    }
  }
  if (!guaranteed) giveUpQuota(out);
  return out;
}

// A quota of limits is meant for the application: the sidecar takes none of it. A limit of 0 is
// none, and counts as stated where a quota demands that every container states one.
void Fitting::giveUpQuota(AddedResources& wanted) const {
  if (room_.quotas == nullptr) return;
  for (const ResourceKind kind : kResourceKinds) {
    const bool ratio = room_.bounds != nullptr && room_.bounds->container[kind].ratio.set();
    const bool whole = !limitOf(pod_.resources, kind).empty();
    if (limitOf(wanted, kind).empty() || ratio || whole) continue;
    const bool counted = std::ranges::any_of(*room_.quotas, [&](const Quota& quota) {
      return quota.limits[kind] && mayCount(quota, pod_);
    });
    if (counted) requestOf(wanted, kind) = limitOf(wanted, kind) = kNothing;
  }
}

// Makes the limit of CPU as small as a LimitRange of type Pod asks for, if that is enough; and where
// it bounds the ratio of the pod, requests what is limited.
void Fitting::shrink(AddedResources& wanted) {
  if (room_.bounds == nullptr) return;
  const Range& cpu = room_.bounds->pod[ResourceKind::kCpu];
  if (cpu.max.set() && pod_.resources.cpu_limit.empty()) {
    const double left =
        amountOf(cpu.max.text) - before().limits[ResourceKind::kCpu].value_or(0) + 1e-9;
    if (amountOf(wanted.cpu_limit) > left && left >= kLeastCpu) {
      wanted.cpu_limit = quantityText(ResourceKind::kCpu, left);
      if (amountOf(wanted.cpu_request) > left) wanted.cpu_request = wanted.cpu_limit;
    }
  }
  for (const ResourceKind kind : kResourceKinds) {
    if (!room_.bounds->pod[kind].ratio.set() || amountOf(limitOf(wanted, kind)) <= 0) continue;
    const api::ResourcesView view = wanted.view();
    const Usage after = countedUsage(pod_, usageOf(pod_, &view));
    if (exceeds(ratioOf(after, kind), amountOf(room_.bounds->pod[kind].ratio.text))) {
      requestOf(wanted, kind) = limitOf(wanted, kind);
    }
  }
}

const SidecarFit& Fitting::sidecar(const api::ContainerView& target) {
  if (sidecar_) return *sidecar_;
  SidecarFit& fit = sidecar_.emplace();
  fit.resources = wantedBeside(target);
  if (room_.bounds != nullptr) bringWithin(fit.resources, *room_.bounds);
  shrink(fit.resources);
  const bool bound = room_.bounds != nullptr || room_.quotas != nullptr || pod_.resources.any();
  if (!bound) return fit;
  const api::ResourcesView view = fit.resources.view();
  fit.problem = excess(usageOf(pod_, &view));
  return fit;
}

std::string Fitting::reserveCopy(api::Language language) {
  constexpr ResourceKind kDisk = ResourceKind::kStorage;
  bool& reserved = reserved_[static_cast<std::size_t>(language)];
  if (reserved) return {};
  const auto states = [](const api::ContainerView& c) {
    return !c.resources.storage_limit.empty() || !c.resources.storage_request.empty();
  };
  const bool any = std::ranges::any_of(pod_.containers, states) ||
                   std::ranges::any_of(pod_.init_containers, states);
  const double bytes = languageRow(language).copy_mebibytes * 1024.0 * 1024.0;
  if (any) {
    Usage after = before();
    for (auto* amounts : {&after.requests, &after.limits}) {
      if ((*amounts)[kDisk]) *(*amounts)[kDisk] += reserved_bytes_ + bytes;
    }
    const Bound most = room_.bounds == nullptr ? Bound{} : room_.bounds->container[kDisk].max;
    if (most.set() && exceeds(after.limits[kDisk], amountOf(most.text))) {
      return strCat(quoted("LimitRange", most.from), " allows a container ", most.text,
                    " of ephemeral-storage: no room for a copy of ", quantityText(kDisk, bytes),
                    " beside what the pod uses");
    }
    std::string problem = excess(after);
    if (!problem.empty()) return problem;
    reserved_bytes_ += bytes;
  }
  reserved = true;
  return {};
}

void Fitting::addReserved(AddedResources& resources) {
  constexpr ResourceKind kDisk = ResourceKind::kStorage;
  if (reserved_bytes_ == 0) return;
  const Usage& now = before();
  if (now.requests[kDisk]) {
    resources.storage_request = quantityText(kDisk, *now.requests[kDisk] + reserved_bytes_);
  }
  if (now.limits[kDisk]) {
    resources.storage_limit = quantityText(kDisk, *now.limits[kDisk] + reserved_bytes_);
  }
}

}  // namespace profiling::inject
