#include "controllers/certificates/decide.h"

#include <algorithm>

namespace profiling::controllers {
namespace {

using Duration = std::chrono::system_clock::duration;

constexpr std::chrono::minutes kBackdate{5};  // of what tls::makeCa and issueLeaf make
constexpr std::chrono::minutes kLeeway{5};    // clocks differ
// More in one bundle are foreign or a loop; API servers parse it for every connection.
constexpr std::size_t kLongestBundle = 4;

std::string caProblem(const StoredCa& ca, tls::TimePoint now) {
  if (ca.certificate.empty() || ca.key.empty()) return "Missing";
  const auto info = tls::inspect(ca.certificate);
  if (!info.ok() || !info->is_ca) return "Unreadable";
  if (!tls::keyMatches(ca.certificate, ca.key)) return "KeyMismatch";
  if (info->not_before > now + kLeeway) return "NotYetValid";
  if (info->not_after <= now + kCaRenewBefore) return "Expiring";
  return {};
}

bool sameCertificates(std::string_view a, std::string_view b) {
  return tls::splitBundle(a) == tls::splitBundle(b);
}

LeafProblem leafProblem(const CertificateInput& in) {
  const StoredLeaf& leaf = in.leaf;
  if (leaf.certificate.empty() || leaf.key.empty()) return LeafProblem::kMissing;
  const auto info = tls::inspect(leaf.certificate);
  if (!info.ok()) return LeafProblem::kUnreadable;
  if (!tls::keyMatches(leaf.certificate, leaf.key)) return LeafProblem::kKeyMismatch;
  if (info->not_after <= in.now || info->not_before > in.now + kLeeway)
    return LeafProblem::kExpired;
  for (const std::string& name : in.dns_names) {
    const auto& has = info->dns_names;
    if (std::find(has.begin(), has.end(), name) == has.end()) return LeafProblem::kWrongNames;
  }
  if (!tls::issuedBy(leaf.certificate, in.ca.certificate) ||
      !sameCertificates(leaf.ca_certificate, in.ca.certificate)) {
    return LeafProblem::kOtherCa;
  }
  if (info->not_after <= in.now + kLeafRenewBefore) return LeafProblem::kExpiring;
  return LeafProblem::kNone;
}

// Clients with `bundle` trust pods that serve this leaf, so there is no hurry to replace it.
bool stillServes(const CertificateInput& in, LeafProblem problem, const std::string& bundle) {
  return (problem == LeafProblem::kOtherCa || problem == LeafProblem::kExpiring ||
          problem == LeafProblem::kNone) &&
         tls::issuedBy(in.leaf.certificate, bundle);
}

std::string join(const std::vector<std::string>& certificates) {
  std::string bundle;
  for (const std::string& certificate : certificates) bundle += certificate;
  return bundle;
}

// The CA first, then the older ones that must still be trusted.
std::string wantedBundle(const CertificateInput& in, LeafProblem problem) {
  const std::vector<std::string> current = tls::splitBundle(in.ca.certificate);
  std::vector<std::string> wanted(current.begin(), current.begin() + 1);
  const auto leaf = tls::inspect(in.leaf.certificate);
  const bool settled = (problem == LeafProblem::kNone || problem == LeafProblem::kExpiring) &&
                       in.now >= leaf->not_before + kBackdate + kLeafSettles;
  if (settled) return join(wanted);
  for (const std::string& old : tls::splitBundle(in.ca.bundle)) {
    const auto info = tls::inspect(old);
    if (old == wanted.front() || !info.ok() || !info->is_ca || info->not_after <= in.now) continue;
    if (wanted.size() < kLongestBundle) wanted.push_back(old);
  }
  return join(wanted);
}

}  // namespace

std::string_view leafProblemName(LeafProblem problem) {
  switch (problem) {
    case LeafProblem::kNone:
      return "None";
    case LeafProblem::kMissing:
      return "Missing";
    case LeafProblem::kUnreadable:
      return "Unreadable";
    case LeafProblem::kKeyMismatch:
      return "KeyMismatch";
    case LeafProblem::kExpired:
      return "Expired";
    case LeafProblem::kExpiring:
      return "Expiring";
    case LeafProblem::kWrongNames:
      return "WrongNames";
    case LeafProblem::kOtherCa:
      return "OtherCA";
  }
  return "Unknown";
}

std::string overlapBundle(const std::string& new_ca, const CertificateInput& in) {
  std::vector<std::string> wanted = tls::splitBundle(new_ca);
  const std::string old = in.ca.certificate + "\n" + in.leaf.ca_certificate + "\n" + in.ca.bundle;
  for (const std::string& certificate : tls::splitBundle(old)) {
    const auto info = tls::inspect(certificate);
    const bool usable = info.ok() && info->is_ca && info->not_after > in.now;
    const bool known = std::find(wanted.begin(), wanted.end(), certificate) != wanted.end();
    if (usable && !known && wanted.size() < kLongestBundle) wanted.push_back(certificate);
  }
  return join(wanted);
}

CertificateDecision decideCertificates(const CertificateInput& in) {
  CertificateDecision out;
  out.ca_reason = caProblem(in.ca, in.now);
  if (!out.ca_reason.empty()) {
    out.make_ca = true;
    return out;
  }
  out.leaf_problem = leafProblem(in);
  out.bundle = wantedBundle(in, out.leaf_problem);
  out.store_bundle = !sameCertificates(in.ca.bundle, out.bundle);
  out.publish_config_map =
      !in.config_map_bundle || !sameCertificates(*in.config_map_bundle, out.bundle);
  const auto differs = [&](const std::optional<std::vector<std::string>>& bundles) {
    return bundles && std::any_of(bundles->begin(), bundles->end(), [&](const std::string& b) {
             return !sameCertificates(b, out.bundle);
           });
  };
  out.publish_webhook = differs(in.published_bundles);
  out.publish_validating = differs(in.validating_bundles);

  const auto ca = tls::inspect(in.ca.certificate);
  const tls::TimePoint ca_settled = ca->not_before + kBackdate + kBundleSettles;
  const auto soonest = [&](tls::TimePoint when) {
    const auto wait = std::max<Duration>(when - in.now, std::chrono::seconds(1));
    out.check_after = std::min<Duration>(out.check_after, wait);
  };
  const bool serves = stillServes(in, out.leaf_problem, out.bundle);
  if (out.leaf_problem != LeafProblem::kNone) {
    // An unusable leaf is replaced at once; one that still serves waits for the bundle.
    const bool published = !out.publish_webhook && !out.publish_validating && in.now >= ca_settled;
    out.issue_leaf = !serves || published || !in.published_bundles;
    if (!out.issue_leaf) soonest(std::max(ca_settled, in.now + std::chrono::seconds(1)));
    return out;
  }
  const auto leaf = tls::inspect(in.leaf.certificate);
  soonest(leaf->not_after - kLeafRenewBefore);
  soonest(ca->not_after - kCaRenewBefore);
  if (tls::splitBundle(out.bundle).size() > 1) soonest(leaf->not_before + kBackdate + kLeafSettles);
  return out;
}

}  // namespace profiling::controllers
