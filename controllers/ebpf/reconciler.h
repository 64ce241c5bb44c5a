// Keeps the objects that profile nodes with eBPF as the administrator's settings describe them, and
// removes them when the settings are gone.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "controllers/ebpf/decide.h"
#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/controller.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

// Every run reads both objects from the API server: they change rarely, and without eBPF profiling
// they need no watch.
// One worker. `client` and `clock` must outlive it.
class EbpfReconciler {
 public:
  // Without settings, removes what an earlier process created. With an empty name in `place`, does
  // nothing.
  EbpfReconciler(kube::Client& client, std::optional<api::EbpfSettings> settings,
                 specs::EbpfPlace place, const Clock& clock = Clock::real());

  Outcome reconcile(const std::string& key, const std::stop_token& stop);  // the key is not used

 private:
  Result<EbpfInput> gather(const std::stop_token& stop);
  Result<nlohmann::json> read(EbpfObject object, const std::stop_token& stop);
  Status write(const EbpfChange& change, std::optional<Millis>& wait, const std::stop_token& stop);
  void checkServer(const std::stop_token& stop);

  kube::Client& client_;
  const std::optional<api::EbpfSettings> settings_;
  const specs::EbpfPlace place_;
  ApplyGuard guard_;
};

inline constexpr const char* kEbpfKey = "ebpf";  // the queue's only key

// The key is in its queue from the start. Needs no store.
Controller ebpfController(kube::Client& client, std::optional<api::EbpfSettings> settings,
                          specs::EbpfPlace place, const Clock& clock);

}  // namespace profiling::controllers
