// Issues and reads the webhook's certificates: a self-signed CA and leaves for DNS names.
// Keys are ECDSA P-256. Pure apart from randomness; thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"

struct asn1_string_st;

namespace profiling::tls {

using TimePoint = std::chrono::system_clock::time_point;

struct PemPair {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS#8
};

// Valid from five minutes before `now` (for clock skew) until `now + lifetime`.
Result<PemPair> makeCa(std::string_view common_name, TimePoint now, std::chrono::hours lifetime);
enum class Usage { kServer, kClient };
Result<PemPair> issueLeaf(const PemPair& ca, const std::vector<std::string>& dns_names,
                          TimePoint now, std::chrono::hours lifetime, Usage usage = Usage::kServer);

struct CertificateInfo {
  TimePoint not_before;
  TimePoint not_after;
  std::vector<std::string> dns_names;
  bool is_ca = false;
};
// Describes the first certificate in the PEM text.
Result<CertificateInfo> inspect(std::string_view certificate_pem);

// Whether the leaf's signature verifies with the key of one of the CA certificates in `ca_bundle`.
bool issuedBy(std::string_view leaf_pem, std::string_view ca_bundle);
bool keyMatches(std::string_view certificate_pem, std::string_view key_pem);

// The certificates of a PEM bundle, one by one, each in canonical form.
std::vector<std::string> splitBundle(std::string_view bundle);

TimePoint timeOf(const asn1_string_st* asn1_time);

}  // namespace profiling::tls
