// Watches a file with the CAs whose client certificates the webhook accepts, and provides the newest
// good one. A bad or half-written file never replaces a good one; it is logged.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/net/tls_source.h"

namespace profiling::tls {

// kInvalidArgument unless the text holds 1 to 32 PEM certificates, each of them a CA.
Result<std::shared_ptr<const net::ClientCa>> parseClientCa(std::string_view pem);

// Thread-safe. Reads the file once when constructed; start() polls it from a thread of its own.
class ClientCaFile final : public net::ClientCaSource {
 public:
  explicit ClientCaFile(std::string path);
  ~ClientCaFile() override;

  void start(std::chrono::milliseconds interval = std::chrono::seconds(2));
  std::shared_ptr<const net::ClientCa> current() const override;
  // Reads the file now and returns the verdict on it.
  Status reload();

 private:
  const std::string path_;
  Mutex reload_mutex_;
  // The text read last, good or bad, and the verdict on it.
  std::string seen_ PROFILING_GUARDED_BY(reload_mutex_);
  Status last_ PROFILING_GUARDED_BY(reload_mutex_);
  std::shared_ptr<const net::ClientCa> current_;  // accessed by std::atomic_load and _store
  std::jthread thread_;
};

}  // namespace profiling::tls
