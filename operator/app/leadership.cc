#include "operator/app/leadership.h"

#include <cstdlib>
#include <utility>

#include "operator/app/process.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"

namespace profiling::app {
namespace {

// Above the longest iteration of the loop: a call that hangs, and the wait after it.
constexpr std::chrono::seconds kStallMargin{20};

class AlwaysHeld final : public kube::Fence {
 public:
  std::optional<SteadyTime> heldUntil() const override { return SteadyTime::max(); }
};

void exitAtOnce(const std::string& why) {
  log::error("Leadership lost: exiting at once", {{"reason", why}});
  std::_Exit(1);
}

}  // namespace

Leadership::Leadership(kube::Client& lease_client, const ControllerOptions& options,
                       const specs::OwnerDeployment& owner)
    : options_(options) {
  if (!options.leader_elect) return;
  const std::string& namespace_ = options.common.operator_namespace;
  elector_.emplace(lease_client,
                   kube::ElectorOptions{
                       namespace_, options.lease_name, kube::makeIdentity(hostName()),
                       options.lease, specs::ownedMetadata(namespace_, options.lease_name, owner)});
}

const kube::Fence& Leadership::fence() const {
  static const AlwaysHeld kAlways;
  if (!elector_) return kAlways;
  return *elector_;
}

void Leadership::report(obs::Metrics& metrics, obs::Health& health) {
  auto& master = metrics.gauge("leader_election_master_status",
                               "1 while this process holds the lease, else 0.",
                               {{"name", options_.lease_name}});
  metrics.onCollect([this, &master] { master.Set(!elector_ || elector_->leading() ? 1.0 : 0.0); });
  if (!elector_) return;
  health.addLiveness("leader-election", [this]() -> std::optional<std::string> {
    const auto still = Clock::real().steady() - elector_->lastTurn();
    if (still < options_.lease.duration + kStallMargin) return std::nullopt;
    return strCat("the election has not moved for ",
                  std::chrono::duration_cast<std::chrono::seconds>(still).count(), " s");
  });
}

void Leadership::start(std::function<void()> elected) {
  if (!elector_) {
    elected();
    return;
  }
  elector_->start(std::move(elected), exitAtOnce);
}

void Leadership::stop(const std::function<void()>& end_writing) {
  if (!elector_) {
    end_writing();
    return;
  }
  elector_->stop(end_writing);
}

}  // namespace profiling::app
