#include "operator/tls/file_source.h"

#include "operator/base/encoding.h"
#include "operator/base/log.h"
#include "operator/base/stop.h"
#include "operator/base/time_text.h"
#include "operator/tls/files.h"
#include "operator/tls/material.h"

namespace profiling::tls {
FileSource::FileSource(std::string folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {
  (void)reload();
}

FileSource::~FileSource() = default;

void FileSource::start(std::chrono::milliseconds interval) {
  thread_ = std::jthread([this, interval](const std::stop_token& stop) {
    while (sleepFor(stop, interval)) (void)reload();
  });
}

std::shared_ptr<const net::TlsMaterial> FileSource::current() const {
  return std::atomic_load(&current_);
}

Status FileSource::reload() {
  const MutexLock lock(reload_mutex_);
  auto certificate = readFile(folder_ + "/tls.crt");
  auto key = readFile(folder_ + "/tls.key");
  const Status unread = !certificate.ok() ? certificate.status() : key.status();
  const std::string digest =
      unread.ok() ? hexSha256(*certificate + '\0' + *key) : "unread: " + unread.message();
  if (digest == seen_) return last_;
  seen_ = digest;

  last_ = unread;
  if (unread.ok()) {
    auto material = parseMaterial(*certificate, *key, clock_.wall());
    last_ = material.status();
    if (material.ok()) {
      log::info("Certificate loaded",
                {{"folder", folder_}, {"notAfter", formatRfc3339((*material)->notAfter())}});
      std::atomic_store(&current_, *std::move(material));
      ++reloads_;
      return last_;
    }
  }
  ++errors_;
  log::warn(
      "Certificate not usable",
      {{"folder", folder_}, {"reason", last_.message()}, {"keepsOldOne", current() != nullptr}});
  return last_;
}

}  // namespace profiling::tls
