// Any bytes as certificate, as key and as bundle: a defect is an error, never a pair that is used.
#include "operator/tls/material.h"
#include "operator/tls/x509.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

struct Good {
  tls::TimePoint now = std::chrono::system_clock::now();
  tls::PemPair ca = *tls::makeCa("fuzz", now, std::chrono::hours(1));
  tls::PemPair leaf = *tls::issueLeaf(ca, {"localhost"}, now, std::chrono::hours(1));
};
const Good& good() {
  static const Good* made = new Good();
  return *made;
}

void checkMaterial(std::string_view chain, std::string_view key) {
  const auto material = tls::parseMaterial(chain, key, good().now);
  if (!material.ok()) return;
  require((*material)->leaf() != nullptr && (*material)->key() != nullptr, "a pair has both parts");
  require(tls::keyMatches(chain, key), "a pair belongs together");
}

}  // namespace

FUZZ(std::string_view input) {
  const std::string text(input);
  checkMaterial(input, good().leaf.key);
  checkMaterial(good().leaf.certificate, input);
  checkMaterial(good().leaf.certificate + text, good().leaf.key);
  if (const auto info = tls::inspect(input); info.ok()) {
    require(!tls::splitBundle(input).empty(),
            "a certificate that can be read is one of the bundle");
  }
  require(!tls::issuedBy(good().leaf.certificate, input), "the leaf is not of another authority");
  require(tls::issuedBy(good().leaf.certificate, good().ca.certificate + "\n" + text),
          "text behind a bundle does not hide its certificates");
  (void)tls::issueLeaf({text, text}, {"localhost"}, good().now, std::chrono::hours(1));
}
