// What the composition root gives the controllers. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controllers/certificates/reconciler.h"
#include "controllers/rollout/reconciler.h"
#include "controllers/signals/arrival.h"
#include "controllers/specs/ebpf_objects.h"
#include "operator/api/ebpf_settings.h"
#include "operator/inject/inject.h"
#include "operator/kube/watch_machine.h"

namespace profiling::controllers {

struct Settings {
  inject::Settings inject;  // the webhook's, so that records say what admissions say
  CertificateSettings certificates;
  std::optional<api::EbpfSettings> ebpf;  // absent: nodes are not profiled
  specs::EbpfPlace ebpf_place;            // an empty name: eBPF objects are left alone
  std::string instance;                   // names this process in events
  std::string webhook_deployment;         // of the operator's namespace; empty: always ready
  // Workers each for servers, policies, workloads and rollouts.
  int workers = 2;
  RestartRights restarts;
  // Queries our storage servers; null: whether profiles arrive is unknown. Must outlive the
  // manager.
  net::QueryClient* queries = nullptr;
  signals::AddressOverrides server_addresses;  // for tests
  kube::WatchTiming timing;                    // of all watches
};

}  // namespace profiling::controllers
