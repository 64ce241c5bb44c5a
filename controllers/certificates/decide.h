// Decides what to do about the webhook's certificates, from what is stored and the time. Pure.
//
// A CA (10 years) in a Secret that nothing mounts, a leaf (90 days) in the Secret that the
// webhook's pods mount, and the CA's certificate in the two webhook configurations and in a
// ConfigMap. Everything is derived from these five objects, so a process that was killed between
// any two writes goes on where it stopped. When the CA changes:
//
//   1. The new CA is stored, its bundle = new + old.
//   2. The bundle is published.
//   3. A new leaf is issued, once API servers had time to notice the bundle.
//   4. The bundle becomes new, once the pods had time to load the leaf.
//
// so at no moment does a pod serve a leaf that the API servers do not trust.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "operator/tls/x509.h"

namespace profiling::controllers {

inline constexpr std::chrono::hours kCaLifetime{24 * 3650};
inline constexpr std::chrono::hours kCaRenewBefore{24 * 365};
inline constexpr std::chrono::hours kLeafLifetime{24 * 90};
inline constexpr std::chrono::hours kLeafRenewBefore{24 * 30};
// From publishing a CA to issuing its first leaf: API servers watch webhook configurations.
inline constexpr std::chrono::seconds kBundleSettles{30};
// From a new leaf to dropping the CA of the previous one: kubelet projects Secrets every minute or
// so, and pods load them at once.
inline constexpr std::chrono::hours kLeafSettles{1};
inline constexpr std::chrono::hours kRecheck{12};

struct StoredCa {
  std::string certificate, key, bundle;  // PEM; empty: missing
};
struct StoredLeaf {
  std::string certificate, key, ca_certificate;
};

struct CertificateInput {
  tls::TimePoint now;
  std::vector<std::string> dns_names;
  StoredCa ca;
  StoredLeaf leaf;
  // PEM of each entry of the mutating and the validating webhook configuration; nullopt: there is
  // no such configuration.
  std::optional<std::vector<std::string>> published_bundles, validating_bundles;
  std::optional<std::string> config_map_bundle;  // nullopt: there is no such ConfigMap
};

enum class LeafProblem {
  kNone,
  kMissing,  // or half-written
  kUnreadable,
  kKeyMismatch,
  kExpired,  // or not valid yet
  kExpiring,
  kWrongNames,
  kOtherCa,
};
std::string_view leafProblemName(LeafProblem problem);

struct CertificateDecision {
  bool make_ca = false;  // then nothing else is decided: store it and decide again
  std::string ca_reason;

  std::string bundle;  // what all clients must trust now; never empty when make_ca is false
  bool store_bundle = false;
  bool publish_webhook = false;
  bool publish_validating = false;
  bool publish_config_map = false;
  bool issue_leaf = false;  // after the other writes
  LeafProblem leaf_problem = LeafProblem::kNone;

  std::chrono::system_clock::duration check_after = kRecheck;
};

CertificateDecision decideCertificates(const CertificateInput& input);

// The bundle of a new CA: itself, then every older one whose leaf a pod may still serve. The CA
// stored beside the leaf counts too: it survives the deletion of the CA's own Secret.
std::string overlapBundle(const std::string& new_ca, const CertificateInput& input);

}  // namespace profiling::controllers
