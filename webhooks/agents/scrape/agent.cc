#include "webhooks/agents/scrape/agent.h"

#include <csignal>
#include <thread>

#include "operator/base/log.h"
#include "webhooks/agents/scrape/buffer.h"
#include "webhooks/agents/scrape/pusher.h"
#include "webhooks/agents/scrape/scraper.h"

namespace profiling::scrape {
namespace {

constexpr std::chrono::seconds kLastWords{3};

sigset_t signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

void awaitSignal() {
  const sigset_t set = signals();
  int which = 0;
  while (::sigwait(&set, &which) != 0) {
  }
}

}  // namespace

void blockSignals() {
  const sigset_t set = signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that closed is an error of write().
  (void)std::signal(SIGPIPE, SIG_IGN);
}

void idle() {
  awaitSignal();
}

Status runAgent(const Settings& settings) {
  std::shared_ptr<const TlsContext> tls;
  if (settings.server.tls) {
    auto made = TlsContext::make({});
    if (!made.ok()) return made.status();
    tls = *std::move(made);
  }
  Cancel stop, abort, sent;
  Presence presence;
  Buffer buffer({});
  PushTotals totals;

  std::vector<Kind> snapshots;
  for (const KindRow& row : kindRows()) {
    if (row.kind != Kind::kCpu && wants(settings.wanted, row.kind)) snapshots.push_back(row.kind);
  }
  std::thread pushing([&] {
    totals = Pusher(settings, tls, buffer).run(stop, abort);
    sent.fire();
  });
  const ProfileBounds bounds = boundsFor(memoryLimit());
  std::vector<std::thread> scraping;
  const auto start = [&](const std::vector<Kind>& kinds) {
    if (kinds.empty()) return;
    scraping.emplace_back(
        [&, kinds] { Scraper(settings, bounds, kinds, presence, buffer).run(stop); });
  };
  start(snapshots);
  if (settings.wanted.cpu) start({Kind::kCpu});
  log::info("Profiling", {{"application", settings.application.text()},
                          {"server", settings.server.text()},
                          {"service", settings.labels.front().second},
                          {"intervalMs", settings.interval.count()},
                          {"maxUnpackedBytes", bounds.unpacked}});

  awaitSignal();
  const SteadyTime end = std::chrono::steady_clock::now() + kLastWords;
  stop.fire();
  for (std::thread& thread : scraping) thread.join();
  buffer.close();
  sent.sleepUntil(end);
  abort.fire();
  pushing.join();
  log::info("Stopped", {{"stored", totals.stored},
                        {"refused", totals.refused},
                        {"notAnswered", totals.unknown},
                        {"dropped", buffer.dropped()},
                        {"notSent", totals.left}});
  return {};
}

}  // namespace profiling::scrape
