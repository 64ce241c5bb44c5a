#include "operator/kube/elector.h"

#include <cstdio>
#include <random>
#include <utility>
#include <variant>

#include "operator/base/log.h"
#include "operator/base/stop.h"

namespace profiling::kube {
namespace {

constexpr int kReleaseTries = 3;

}  // namespace

std::string makeIdentity(std::string_view host) {
  std::random_device random;
  char suffix[17];
  (void)std::snprintf(suffix, sizeof suffix, "%08x%08x", random(), random());
  return std::string(host) + "_" + suffix;
}

Elector::Elector(Client& client, ElectorOptions options, const Clock& clock)
    : client_(client),
      options_(std::move(options)),
      clock_(clock),
      machine_(options_.identity, options_.timing),
      last_turn_(clock.steady()) {
}

void Elector::start(std::function<void()> elected,
                    std::function<void(const std::string& why)> lost) {
  elected_ = std::move(elected);
  lost_ = std::move(lost);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Elector::run(const std::stop_token& stop) {
  bool was_leading = false;
  while (!stop.stop_requested()) {
    const SteadyTime now = clock_.steady();
    publish();
    if (was_leading && !machine_.leading(now)) {
      const std::string other = machine_.holder();
      const std::string why = other.empty() || other == options_.identity
                                  ? "not renewed within " +
                                        std::to_string(options_.timing.renew_deadline.count()) +
                                        " ms; last error: " + last_error_.toString()
                                  : "'" + other + "' holds the lease";
      lost_(why);
      return;
    }
    if (!was_leading && machine_.leading(now)) {
      was_leading = true;
      log::info("Became leader", {{"lease", options_.name}, {"identity", options_.identity}});
      elected_();
    }
    turn(machine_.next(clock_.steady(), clock_.wall()), stop);
  }
}

void Elector::turn(const LeaseStep& step, const std::stop_token& stop) {
  if (const auto* wait = std::get_if<LeaseWait>(&step)) {
    sleepFor(stop, wait->delay);
  } else if (const auto* claim = std::get_if<LeaseWrite>(&step)) {
    write(*claim, stop);
  } else {
    read(stop);
  }
}

void Elector::read(const std::stop_token& stop) {
  const std::string before = machine_.holder();
  const auto lease = client_.get(resources::kLeases, options_.namespace_, options_.name, stop);
  if (lease.ok()) {
    machine_.seen(leaseFromJson(*lease), clock_.steady());
  } else if (lease.status().code() == Code::kNotFound) {
    machine_.seen(std::nullopt, clock_.steady());
  } else {
    if (stop.stop_requested()) return;
    last_error_ = lease.status();
    log::warn("Lease not read", {{"lease", options_.name}, {"reason", last_error_.toString()}});
    machine_.readFailed();
    return;
  }
  if (machine_.holder() != before && machine_.holder() != options_.identity) {
    log::info("Leader seen", {{"lease", options_.name}, {"holder", machine_.holder()}});
  }
}

Result<nlohmann::json> Elector::send(const LeaseWrite& write, const std::stop_token& stop) {
  if (write.create) {
    nlohmann::json metadata = options_.metadata;
    metadata["name"] = options_.name;
    return client_.create(resources::kLeases, options_.namespace_,
                          {{"apiVersion", "coordination.k8s.io/v1"},
                           {"kind", "Lease"},
                           {"metadata", std::move(metadata)},
                           {"spec", leaseSpec(write.record)}},
                          stop);
  }
  return client_.mergePatch(resources::kLeases, options_.namespace_, options_.name,
                            {{"metadata", {{"resourceVersion", write.record.resource_version}}},
                             {"spec", leaseSpec(write.record)}},
                            stop);
}

void Elector::write(const LeaseWrite& write, const std::stop_token& stop) {
  const SteadyTime sent = clock_.steady();
  const auto stored = send(write, stop);
  if (stored.ok()) {
    machine_.written(leaseFromJson(*stored), sent);
    return;
  }
  machine_.writeFailed();
  if (stop.stop_requested()) return;
  last_error_ = stored.status();
  // Another candidate was faster, which is normal.
  const bool usual =
      last_error_.code() == Code::kConflict || last_error_.code() == Code::kAlreadyExists;
  log::write(usual ? log::Level::kInfo : log::Level::kWarn, "Lease not written",
             {{"lease", options_.name}, {"reason", last_error_.toString()}});
}

void Elector::stop(const std::function<void()>& before_release) {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (before_release) before_release();
  if (!machine_.heldUntil()) return;
  // The server may have stored a renewal that was in flight when we stopped, or may store it only
  // after our read: then the release conflicts, and the next read shows the stored lease.
  for (int tries = 1; tries <= kReleaseTries; ++tries) {
    read({});
    const auto free = machine_.release(clock_.wall());
    if (!free) break;
    const Status stored = send(*free, {}).status();
    if (stored.code() == Code::kConflict && tries < kReleaseTries) continue;
    log::write(stored.ok() ? log::Level::kInfo : log::Level::kWarn,
               stored.ok() ? "Lease released" : "Lease not released; others wait until it expires",
               {{"lease", options_.name}, {"reason", stored.toString()}});
    break;
  }
  const MutexLock lock(mutex_);
  held_until_.reset();
}

void Elector::publish() {
  const MutexLock lock(mutex_);
  held_until_ = machine_.heldUntil();
  holder_ = machine_.holder();
  last_turn_ = clock_.steady();
}

std::optional<SteadyTime> Elector::heldUntil() const {
  const MutexLock lock(mutex_);
  return held_until_;
}

bool Elector::leading() const {
  const auto until = heldUntil();
  return until && clock_.steady() < *until;
}

std::string Elector::holder() const {
  const MutexLock lock(mutex_);
  return holder_;
}

SteadyTime Elector::lastTurn() const {
  const MutexLock lock(mutex_);
  return last_turn_;
}

}  // namespace profiling::kube
