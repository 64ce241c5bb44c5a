#include "operator/kube/lease.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "operator/base/time_text.h"

namespace profiling::kube {
namespace {

std::string seconds(Millis d) {
  return std::to_string(d.count() / 1000) + "s";
}

template <class T>
T valueOr(const nlohmann::json& object, const char* key, T fallback) {
  const auto it = object.find(key);
  if (it == object.end()) return fallback;
  if constexpr (std::is_same_v<T, std::string>) {
    return it->is_string() ? it->template get<std::string>() : fallback;
  } else {
    return it->is_number_integer() ? it->template get<T>() : fallback;
  }
}

}  // namespace

Status checkTiming(const LeaseTiming& t) {
  if (t.retry.count() <= 0) {
    return {Code::kInvalidArgument,
            "--leader-elect-retry-period " + seconds(t.retry) + " must be at least 1s"};
  }
  if (t.renew_deadline <= 2 * t.retry) {
    return {Code::kInvalidArgument,
            "--leader-elect-renew-deadline " + seconds(t.renew_deadline) +
                " must be more than twice --leader-elect-retry-period, which is " +
                seconds(t.retry)};
  }
  if (t.duration <= t.renew_deadline) {
    return {Code::kInvalidArgument,
            "--leader-elect-lease-duration " + seconds(t.duration) +
                " must be longer than --leader-elect-renew-deadline, which is " +
                seconds(t.renew_deadline)};
  }
  return {};
}

LeaseRecord leaseFromJson(const nlohmann::json& lease) {
  static const nlohmann::json kNone = nlohmann::json::object();
  const auto part = [&](const char* key) -> const nlohmann::json& {
    const auto it = lease.find(key);
    return it != lease.end() && it->is_object() ? *it : kNone;
  };
  const nlohmann::json& spec = part("spec");
  LeaseRecord record;
  record.holder = valueOr(spec, "holderIdentity", std::string());
  record.duration_seconds = valueOr(spec, "leaseDurationSeconds", 0);
  record.acquire_time = valueOr(spec, "acquireTime", std::string());
  record.renew_time = valueOr(spec, "renewTime", std::string());
  record.transitions = valueOr(spec, "leaseTransitions", 0);
  record.resource_version = valueOr(part("metadata"), "resourceVersion", std::string());
  return record;
}

nlohmann::json leaseSpec(const LeaseRecord& record) {
  return {{"holderIdentity", record.holder},
          {"leaseDurationSeconds", record.duration_seconds},
          {"acquireTime", record.acquire_time},
          {"renewTime", record.renew_time},
          {"leaseTransitions", record.transitions}};
}

LeaseMachine::LeaseMachine(std::string identity, LeaseTiming timing)
    : identity_(std::move(identity)), timing_(timing) {
}

LeaseStep LeaseMachine::next(SteadyTime now, WallTime wall) {
  switch (next_) {
    case Next::kRead:
      return LeaseRead{};
    case Next::kDecide:
      if (!observed_ || observed_->holder == identity_ || freeAt(now)) return claim(wall);
      [[fallthrough]];
    case Next::kWait:
      break;
  }
  // The holder renews from what it wrote itself; all others read again.
  next_ = leading(now) && observed_ ? Next::kDecide : Next::kRead;
  return LeaseWait{leading(now) ? timing_.retry : timing_.retry / 2};
}

bool LeaseMachine::freeAt(SteadyTime now) const {
  if (observed_->holder.empty()) return true;
  return now - observed_at_ >= std::chrono::seconds(std::max(observed_->duration_seconds, 1));
}

LeaseWrite LeaseMachine::claim(WallTime wall) const {
  LeaseWrite write;
  write.create = !observed_;
  LeaseRecord& r = write.record;
  r.holder = identity_;
  r.duration_seconds = static_cast<int>(timing_.duration.count());
  r.renew_time = formatRfc3339Micro(wall);
  r.acquire_time = r.renew_time;
  if (observed_) {
    const bool ours = observed_->holder == identity_;
    if (ours && !observed_->acquire_time.empty()) r.acquire_time = observed_->acquire_time;
    r.transitions = observed_->transitions + (ours ? 0 : 1);
    r.resource_version = observed_->resource_version;
  }
  return write;
}

void LeaseMachine::seen(const std::optional<LeaseRecord>& lease, SteadyTime now) {
  if (lease != observed_) {
    observed_ = lease;
    observed_at_ = now;
  }
  if (!lease || lease->holder != identity_) held_until_.reset();
  next_ = Next::kDecide;
}

void LeaseMachine::readFailed() {
  next_ = Next::kWait;
}

void LeaseMachine::written(const LeaseRecord& stored, SteadyTime sent) {
  observed_ = stored;
  observed_at_ = sent;
  held_until_ = sent + timing_.renew_deadline;
  next_ = Next::kWait;
}

void LeaseMachine::writeFailed() {
  // The server's state is unknown now, also after a lost connection: the write may have happened.
  // We hold the lease only if a read shows it, and then renew it.
  observed_.reset();
  next_ = Next::kWait;
}

std::optional<LeaseWrite> LeaseMachine::release(WallTime wall) const {
  if (!held_until_ || !observed_ || observed_->holder != identity_) return std::nullopt;
  LeaseWrite write;
  write.record = *observed_;
  write.record.holder.clear();
  write.record.duration_seconds = 1;
  write.record.renew_time = formatRfc3339Micro(wall);
  return write;
}

}  // namespace profiling::kube
