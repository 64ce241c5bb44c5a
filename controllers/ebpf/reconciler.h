// Keeps the objects that profile nodes with eBPF as the administrator's settings want them, and
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

// Both objects are read from the API server at each run: there are two, they change rarely, and so
// what is switched off needs no watch.
// One worker. `client` and `clock` must outlive it.
class EbpfReconciler {
 public:
  // Without settings what an earlier process made is removed. An empty name of the place: this
  // operator never had anything to do with it.
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
