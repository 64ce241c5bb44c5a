#include "operator/tls/client_ca_file.h"

#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "operator/base/log.h"
#include "operator/base/stop.h"
#include "operator/tls/files.h"
#include "operator/tls/openssl.h"

namespace profiling::tls {
namespace {

constexpr std::size_t kMaxCas = 32;

class CaList final : public net::ClientCa {
 public:
  explicit CaList(std::vector<X509Ptr> certificates) : certificates_(std::move(certificates)) {}
  std::size_t size() const override { return certificates_.size(); }
  X509* certificate(std::size_t index) const override { return certificates_.at(index).get(); }

 private:
  std::vector<X509Ptr> certificates_;
};

}  // namespace

Result<std::shared_ptr<const net::ClientCa>> parseClientCa(std::string_view pem) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio = readBio(pem);
  while (X509* raw = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(raw);
    if (X509_check_ca(raw) != 1) {
      ERR_clear_error();
      return Status(Code::kInvalidArgument,
                    "certificate " + std::to_string(certificates.size()) + " is not a CA");
    }
    if (certificates.size() > kMaxCas)
      return Status(Code::kInvalidArgument, "the file holds more than 32 certificates");
  }
  ERR_clear_error();  // OpenSSL reports the end of the text as an error
  if (certificates.empty())
    return Status(Code::kInvalidArgument, "the file holds no PEM certificate");
  return std::shared_ptr<const net::ClientCa>(std::make_shared<CaList>(std::move(certificates)));
}

ClientCaFile::ClientCaFile(std::string path) : path_(std::move(path)) {
  (void)reload();
}

ClientCaFile::~ClientCaFile() = default;

void ClientCaFile::start(std::chrono::milliseconds interval) {
  thread_ = std::jthread([this, interval](const std::stop_token& stop) {
    while (sleepFor(stop, interval)) (void)reload();
  });
}

std::shared_ptr<const net::ClientCa> ClientCaFile::current() const {
  return std::atomic_load(&current_);
}

Status ClientCaFile::reload() {
  const MutexLock lock(reload_mutex_);
  const auto text = readFile(path_);
  std::string now = text.ok() ? *text : "unread: " + text.status().message();
  if (now == seen_) return last_;
  seen_ = std::move(now);
  last_ = text.status();
  if (text.ok()) {
    auto parsed = parseClientCa(*text);
    last_ = parsed.status();
    if (parsed.ok()) {
      log::info("Client CA loaded", {{"file", path_}, {"certificates", (*parsed)->size()}});
      std::atomic_store(&current_, *std::move(parsed));
      return last_;
    }
  }
  log::warn("Client CA not usable",
            {{"file", path_}, {"reason", last_.message()}, {"keepsOldOne", current() != nullptr}});
  return last_;
}

}  // namespace profiling::tls
