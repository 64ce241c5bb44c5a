#include "operator/tls/x509.h"

#include <array>
#include <ctime>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "operator/tls/openssl.h"

namespace profiling::tls {
namespace {

constexpr std::chrono::minutes kBackdate{5};

KeyPtr newKey() {
  return KeyPtr(EVP_EC_gen("P-256"));
}

std::string keyPem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return bioText(bio.get());
}

std::string certificatePem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return bioText(bio.get());
}

X509Ptr readCertificate(std::string_view pem) {
  const BioPtr bio = readBio(pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

KeyPtr readKey(std::string_view pem) {
  const BioPtr bio = readBio(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}

bool addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpensslDelete> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Serial numbers of 159 random bits: positive and at most 20 octets, as RFC 5280 4.1.2.2 requires.
bool setSerial(X509* certificate) {
  std::array<unsigned char, 20> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool ok = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return ok;
}

X509Ptr draft(std::string_view common_name, EVP_PKEY* key, TimePoint now,
              std::chrono::hours lifetime) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  if (!setSerial(certificate.get())) return nullptr;
  const auto seconds = [](TimePoint t) { return std::chrono::system_clock::to_time_t(t); };
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(now - kBackdate));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(now + lifetime));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  return certificate;
}

}  // namespace

TimePoint timeOf(const asn1_string_st* asn1_time) {
  std::tm tm{};
  ASN1_TIME_to_tm(asn1_time, &tm);
  return std::chrono::system_clock::from_time_t(timegm(&tm));
}

Result<PemPair> makeCa(std::string_view common_name, TimePoint now, std::chrono::hours lifetime) {
  const KeyPtr key = newKey();
  const X509Ptr certificate = key ? draft(common_name, key.get(), now, lifetime) : nullptr;
  if (!certificate) return Status(Code::kInternal, "cannot make a CA: " + opensslError());
  X509* c = certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(c));
  if (!addExtension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !addExtension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !addExtension(c, c, NID_subject_key_identifier, "hash") ||
      X509_sign(c, key.get(), EVP_sha256()) == 0) {
    return Status(Code::kInternal, "cannot make a CA: " + opensslError());
  }
  return PemPair{certificatePem(c), keyPem(key.get())};
}

Result<PemPair> issueLeaf(const PemPair& ca, const std::vector<std::string>& dns_names,
                          TimePoint now, std::chrono::hours lifetime, Usage usage) {
  const X509Ptr issuer = readCertificate(ca.certificate);
  const KeyPtr issuer_key = readKey(ca.key);
  if (!issuer || !issuer_key) return Status(Code::kInvalidArgument, "the CA cannot be read");
  if (dns_names.empty()) return Status(Code::kInvalidArgument, "a leaf needs a DNS name");
  const KeyPtr key = newKey();
  const X509Ptr certificate =
      key ? draft(dns_names.front().substr(0, 64), key.get(), now, lifetime) : nullptr;
  if (!certificate) return Status(Code::kInternal, "cannot issue a certificate: " + opensslError());
  X509* c = certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(issuer.get()));
  std::string names;
  for (const std::string& name : dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  if (!addExtension(c, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !addExtension(c, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !addExtension(c, issuer.get(), NID_ext_key_usage,
                    usage == Usage::kServer ? "serverAuth" : "clientAuth") ||
      !addExtension(c, issuer.get(), NID_subject_alt_name, names) ||
      !addExtension(c, issuer.get(), NID_authority_key_identifier, "keyid") ||
      X509_sign(c, issuer_key.get(), EVP_sha256()) == 0) {
    return Status(Code::kInternal, "cannot issue a certificate: " + opensslError());
  }
  return PemPair{certificatePem(c), keyPem(key.get())};
}

Result<CertificateInfo> inspect(std::string_view certificate_pem) {
  const X509Ptr certificate = readCertificate(certificate_pem);
  if (!certificate) return Status(Code::kInvalidArgument, "not a PEM certificate");
  CertificateInfo info;
  info.not_before = timeOf(X509_get0_notBefore(certificate.get()));
  info.not_after = timeOf(X509_get0_notAfter(certificate.get()));
  info.is_ca = X509_check_ca(certificate.get()) == 1;
  const std::unique_ptr<GENERAL_NAMES, OpensslDelete> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    info.dns_names.emplace_back(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
        static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return info;
}

bool issuedBy(std::string_view leaf_pem, std::string_view ca_bundle) {
  const X509Ptr leaf = readCertificate(leaf_pem);
  if (!leaf) return false;
  for (const std::string& pem : splitBundle(ca_bundle)) {
    const X509Ptr ca = readCertificate(pem);
    const bool verified = ca && X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1;
    ERR_clear_error();
    if (verified) return true;
  }
  return false;
}

bool keyMatches(std::string_view certificate_pem, std::string_view key_pem) {
  const X509Ptr certificate = readCertificate(certificate_pem);
  const KeyPtr key = readKey(key_pem);
  const bool matches =
      certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return matches;
}

std::vector<std::string> splitBundle(std::string_view bundle) {
  std::vector<std::string> certificates;
  const BioPtr bio = readBio(bundle);
  while (X509* raw = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const X509Ptr certificate(raw);
    certificates.push_back(certificatePem(certificate.get()));
  }
  ERR_clear_error();
  return certificates;
}

}  // namespace profiling::tls
