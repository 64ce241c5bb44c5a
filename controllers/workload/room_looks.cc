#include "controllers/workload/room_looks.h"

#include <algorithm>
#include <functional>

#include "operator/base/backoff.h"

namespace profiling::controllers {

namespace {

// Between three quarters of the wait and five quarters.
Millis spread(Millis wait, const std::string& record) {
  const auto part = static_cast<Millis::rep>(std::hash<std::string>()(record) % 1000);
  return wait * 3 / 4 + wait * part / 2000;
}

}  // namespace

RoomLooks::Look& RoomLooks::lookOf(const std::string& record) {
  return looks_.try_emplace(record, Look{clock_.steady() + spread(kFirst, record), 0})
      .first->second;
}

bool RoomLooks::due(const std::string& record) {
  const MutexLock lock(mutex_);
  Look& look = lookOf(record);
  const SteadyTime now = clock_.steady();
  if (now < look.next) return false;
  ++look.looks;
  look.next = now + spread(growingWait(kFirst, look.looks + 1, kLongest), record);
  return true;
}

Millis RoomLooks::wait(const std::string& record) {
  const MutexLock lock(mutex_);
  const auto left = std::chrono::ceil<Millis>(lookOf(record).next - clock_.steady());
  return std::max(left, Millis(1));
}

void RoomLooks::forget(const std::string& record) {
  const MutexLock lock(mutex_);
  looks_.erase(record);
}

}  // namespace profiling::controllers
