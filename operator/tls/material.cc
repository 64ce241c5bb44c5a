#include "operator/tls/material.h"

#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "operator/base/time_text.h"
#include "operator/tls/openssl.h"
#include "operator/tls/x509.h"

namespace profiling::tls {

BioPtr readBio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string bioText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string opensslError() {
  const unsigned long code = ERR_peek_last_error();
  char text[256] = "unknown error";
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

namespace {

constexpr std::chrono::minutes kLeeway{5};
constexpr std::size_t kMaxChain = 10;

class Material final : public net::TlsMaterial {
 public:
  Material(std::vector<X509Ptr> certificates, KeyPtr key)
      : certificates_(std::move(certificates)), key_(std::move(key)) {}

  X509* leaf() const override { return certificates_.front().get(); }
  EVP_PKEY* key() const override { return key_.get(); }
  std::size_t chainSize() const override { return certificates_.size() - 1; }
  X509* chain(std::size_t index) const override { return certificates_.at(index + 1).get(); }
  std::chrono::system_clock::time_point notAfter() const override {
    return timeOf(X509_get0_notAfter(leaf()));
  }

 private:
  std::vector<X509Ptr> certificates_;
  KeyPtr key_;
};

}  // namespace

Result<std::shared_ptr<const net::TlsMaterial>> parseMaterial(
    std::string_view chain_pem, std::string_view key_pem,
    std::chrono::system_clock::time_point now) {
  std::vector<X509Ptr> certificates;
  const BioPtr chain = readBio(chain_pem);
  while (X509* certificate = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
    if (certificates.size() > kMaxChain) {
      return Status(Code::kInvalidArgument, "the chain holds more than 10 certificates");
    }
  }
  ERR_clear_error();  // OpenSSL reports the end of the text as an error
  if (certificates.empty()) {
    return Status(Code::kInvalidArgument, "no PEM certificate in the certificate file");
  }
  const BioPtr key_bio = readBio(key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!key) {
    ERR_clear_error();
    return Status(Code::kInvalidArgument, "no PEM private key in the key file");
  }
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return Status(Code::kInvalidArgument, "the key does not belong to the certificate");
  }
  const auto not_before = timeOf(X509_get0_notBefore(certificates.front().get()));
  const auto not_after = timeOf(X509_get0_notAfter(certificates.front().get()));
  if (now + kLeeway < not_before) {
    return Status(Code::kInvalidArgument,
                  "the certificate is not valid before " + formatRfc3339(not_before));
  }
  if (now - kLeeway > not_after) {
    return Status(Code::kInvalidArgument, "the certificate expired at " + formatRfc3339(not_after));
  }
  return std::shared_ptr<const net::TlsMaterial>(
      std::make_shared<Material>(std::move(certificates), std::move(key)));
}

}  // namespace profiling::tls
