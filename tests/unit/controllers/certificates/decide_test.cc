#include "controllers/certificates/decide.h"

#include <functional>

#include <gtest/gtest.h>

namespace profiling::controllers {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const tls::TimePoint kStart = tls::TimePoint(seconds(1785582000));
const std::vector<std::string> kNames{"webhook.ns.svc", "webhook.ns.svc.cluster.local"};

tls::PemPair ca(tls::TimePoint made) {
  return *tls::makeCa("test-ca", made, kCaLifetime);
}
StoredLeaf leaf(const tls::PemPair& by, tls::TimePoint made,
                const std::vector<std::string>& names = kNames) {
  const tls::PemPair pair = *tls::issueLeaf(by, names, made, kLeafLifetime);
  return {pair.certificate, pair.key, by.certificate};
}

// Everything as it should be, two days after it was made.
struct World {
  tls::PemPair first = ca(kStart);
  CertificateInput in;

  World() {
    in.now = kStart + hours(48);
    in.dns_names = kNames;
    in.ca = {first.certificate, first.key, first.certificate};
    in.leaf = leaf(first, kStart);
    in.published_bundles = {{first.certificate, first.certificate}};
    in.config_map_bundle = first.certificate;
  }
  // A second CA was stored at kStart + 48 h; the leaf is still of the first.
  tls::PemPair rotate() {
    const tls::PemPair second = ca(in.now);
    in.ca = {second.certificate, second.key, second.certificate + first.certificate};
    return second;
  }
  std::string both() const { return in.ca.bundle; }
};

struct Want {
  std::string ca_reason;
  LeafProblem leaf = LeafProblem::kNone;
  bool issue = false, store = false, webhook = false, config_map = false;
  std::size_t bundle = 1;
};
struct Row {
  const char* sentence;
  std::function<void(World&)> change;
  Want want;
};
class DecideCertificates : public testing::TestWithParam<Row> {};

TEST_P(DecideCertificates, MatchesTheTable) {
  const Row& row = GetParam();
  World world;
  row.change(world);
  const CertificateDecision d = decideCertificates(world.in);
  EXPECT_EQ(d.ca_reason, row.want.ca_reason) << row.sentence;
  EXPECT_EQ(d.make_ca, !row.want.ca_reason.empty()) << row.sentence;
  if (d.make_ca) return;
  EXPECT_EQ(leafProblemName(d.leaf_problem), leafProblemName(row.want.leaf)) << row.sentence;
  EXPECT_EQ(d.issue_leaf, row.want.issue) << row.sentence;
  EXPECT_EQ(d.store_bundle, row.want.store) << row.sentence;
  EXPECT_EQ(d.publish_webhook, row.want.webhook) << row.sentence;
  EXPECT_EQ(d.publish_config_map, row.want.config_map) << row.sentence;
  EXPECT_EQ(tls::splitBundle(d.bundle).size(), row.want.bundle) << row.sentence;
  EXPECT_GT(d.check_after.count(), 0) << row.sentence;
  EXPECT_LE(d.check_after, kRecheck) << row.sentence;
}

Want caProblem(const char* reason) {
  Want want;
  want.ca_reason = reason;
  return want;
}
Want newLeaf(LeafProblem problem) {
  Want want;
  want.leaf = problem;
  want.issue = true;
  return want;
}
Want rotation(LeafProblem leaf, bool issue, bool publish) {
  Want want;
  want.leaf = leaf;
  want.issue = issue;
  want.webhook = want.config_map = publish;
  want.bundle = 2;
  return want;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DecideCertificates,
    testing::Values(
        Row{"nothing is done when everything is as it should be", [](World&) {}, Want()},
        Row{"a fresh cluster gets a CA first",
            [](World& w) {
              w.in.ca = {};
              w.in.leaf = {};
            },
            caProblem("Missing")},
        Row{"a half-written CA is replaced", [](World& w) { w.in.ca.key.clear(); },
            caProblem("Missing")},
        Row{"a CA that cannot be read is replaced",
            [](World& w) { w.in.ca.certificate = "rubbish"; }, caProblem("Unreadable")},
        Row{"a CA that is no CA is replaced",
            [](World& w) {
              w.in.ca.certificate = w.in.leaf.certificate;
              w.in.ca.key = w.in.leaf.key;
            },
            caProblem("Unreadable")},
        Row{"a CA whose key is another's is replaced",
            [](World& w) { w.in.ca.key = ca(kStart).key; }, caProblem("KeyMismatch")},
        Row{"a CA from the future is replaced", [](World& w) { w.in.now = kStart - hours(1); },
            caProblem("NotYetValid")},
        Row{"a CA with a year and a day left is kept",
            [](World& w) {
              w.in.now = kStart + kCaLifetime - kCaRenewBefore - hours(24);
              w.in.leaf = leaf(w.first, w.in.now - hours(2));
            },
            Want()},
        Row{"a CA with a year left is replaced",
            [](World& w) { w.in.now = kStart + kCaLifetime - kCaRenewBefore; },
            caProblem("Expiring")},
        Row{"a missing leaf is issued at once", [](World& w) { w.in.leaf = {}; },
            newLeaf(LeafProblem::kMissing)},
        Row{"a half-written leaf is replaced", [](World& w) { w.in.leaf.key.clear(); },
            newLeaf(LeafProblem::kMissing)},
        Row{"a leaf that cannot be read is replaced",
            [](World& w) { w.in.leaf.certificate = "rubbish"; }, newLeaf(LeafProblem::kUnreadable)},
        Row{"a leaf whose key is another's is replaced",
            [](World& w) { w.in.leaf.key = leaf(w.first, kStart).key; },
            newLeaf(LeafProblem::kKeyMismatch)},
        Row{"an expired leaf is replaced", [](World& w) { w.in.now = kStart + kLeafLifetime; },
            newLeaf(LeafProblem::kExpired)},
        Row{"a leaf for another Service is replaced",
            [](World& w) { w.in.dns_names = {"other.ns.svc"}; }, newLeaf(LeafProblem::kWrongNames)},
        Row{"a leaf with 31 days left is kept",
            [](World& w) { w.in.now = kStart + kLeafLifetime - kLeafRenewBefore - hours(24); },
            Want()},
        Row{"a leaf with 30 days left is renewed",
            [](World& w) { w.in.now = kStart + kLeafLifetime - kLeafRenewBefore; },
            newLeaf(LeafProblem::kExpiring)},
        Row{"a leaf without the CA beside it is completed",
            [](World& w) { w.in.leaf.ca_certificate = ""; }, newLeaf(LeafProblem::kOtherCa)},
        Row{"a bundle that somebody overwrote is put back, in any entry",
            [](World& w) { w.in.published_bundles->at(1) = "theirs"; },
            [] {
              Want want;
              want.webhook = true;
              return want;
            }()},
        Row{"a bundle that a chart emptied is put back",
            [](World& w) {
              w.in.published_bundles = {{"", ""}};
            },
            [] {
              Want want;
              want.webhook = true;
              return want;
            }()},
        Row{"a missing ConfigMap is made", [](World& w) { w.in.config_map_bundle.reset(); },
            [] {
              Want want;
              want.config_map = true;
              return want;
            }()},
        Row{"without a webhook configuration there is nothing to patch",
            [](World& w) { w.in.published_bundles.reset(); }, Want()},
        Row{"without a webhook configuration a leaf need not wait",
            [](World& w) {
              w.in.published_bundles.reset();
              w.in.now = kStart + kLeafLifetime - kLeafRenewBefore;
            },
            newLeaf(LeafProblem::kExpiring)},
        Row{"a lost bundle is stored again", [](World& w) { w.in.ca.bundle.clear(); },
            [] {
              Want want;
              want.store = true;
              return want;
            }()},
        Row{"rotation 1: both CAs are published before the leaf changes",
            [](World& w) { w.rotate(); }, rotation(LeafProblem::kOtherCa, false, true)},
        Row{"rotation 2: the leaf waits until API servers had time to notice",
            [](World& w) {
              w.rotate();
              w.in.published_bundles = {{w.both()}};
              w.in.config_map_bundle = w.both();
              w.in.now += kBundleSettles - seconds(1);
            },
            rotation(LeafProblem::kOtherCa, false, false)},
        Row{"rotation 3: then a leaf of the new CA is issued",
            [](World& w) {
              w.rotate();
              w.in.published_bundles = {{w.both()}};
              w.in.config_map_bundle = w.both();
              w.in.now += kBundleSettles;
            },
            rotation(LeafProblem::kOtherCa, true, false)},
        Row{"rotation 3: not while somebody overwrites the bundle",
            [](World& w) {
              w.rotate();
              w.in.published_bundles = {{w.first.certificate}};
              w.in.config_map_bundle = w.both();
              w.in.now += kBundleSettles;
            },
            [] {
              Want want = rotation(LeafProblem::kOtherCa, false, false);
              want.webhook = true;
              return want;
            }()},
        Row{"rotation 4: both CAs stay while pods load the new leaf",
            [](World& w) {
              const auto second = w.rotate();
              w.in.published_bundles = {{w.both()}};
              w.in.config_map_bundle = w.both();
              w.in.leaf = leaf(second, w.in.now);
              w.in.now += kLeafSettles - seconds(1);
            },
            rotation(LeafProblem::kNone, false, false)},
        Row{"rotation 5: then the old CA is dropped everywhere",
            [](World& w) {
              const auto second = w.rotate();
              w.in.published_bundles = {{w.both()}};
              w.in.config_map_bundle = w.both();
              w.in.leaf = leaf(second, w.in.now);
              w.in.now += kLeafSettles;
            },
            [] {
              Want want;
              want.store = want.webhook = want.config_map = true;
              return want;
            }()},
        Row{"during a rotation a leaf that is lost is issued at once",
            [](World& w) {
              w.rotate();
              w.in.leaf = {};
            },
            rotation(LeafProblem::kMissing, true, true)},
        Row{"an old CA that has expired is not published",
            [](World& w) {
              const auto expired = *tls::makeCa("old", kStart - hours(48), hours(24));
              w.in.ca.bundle += expired.certificate;
              w.in.leaf = leaf(w.first, w.in.now);
            },
            [] {
              Want want;
              want.store = true;
              return want;
            }()}));

TEST(DecideCertificates, RequeuesForTheNextDueStep) {
  World world;
  world.in.now = kStart + kLeafLifetime - kLeafRenewBefore - minutes(7);
  EXPECT_EQ(decideCertificates(world.in).check_after, minutes(7));
  world.rotate();
  world.in.published_bundles = {{world.both()}};
  world.in.config_map_bundle = world.both();
  EXPECT_EQ(decideCertificates(world.in).check_after, kBundleSettles);
}

TEST(OverlapBundle, KeepsTheCasOfLeavesThatPodsMayStillServe) {
  World world;
  const tls::PemPair second = ca(kStart);
  EXPECT_EQ(tls::splitBundle(overlapBundle(second.certificate, world.in)),
            (std::vector<std::string>{second.certificate, world.first.certificate}));
  world.in.ca = {};  // the CA's Secret was deleted: the one beside the leaf is left
  EXPECT_EQ(tls::splitBundle(overlapBundle(second.certificate, world.in)),
            (std::vector<std::string>{second.certificate, world.first.certificate}));
  world.in.leaf = {};
  EXPECT_EQ(overlapBundle(second.certificate, world.in), second.certificate);
}

TEST(OverlapBundle, HoldsAtMostFourAndNoInvalidOrExpiredCertificates) {
  World world;
  const auto expired = *tls::makeCa("old", kStart - hours(48), hours(24));
  world.in.ca.bundle = "rubbish" + expired.certificate + world.in.leaf.certificate;
  for (int i = 0; i < 6; ++i) world.in.ca.bundle += ca(kStart).certificate;
  const auto bundle = tls::splitBundle(overlapBundle(ca(kStart).certificate, world.in));
  EXPECT_EQ(bundle.size(), 4U);
  for (const std::string& certificate : bundle) {
    EXPECT_TRUE(tls::inspect(certificate)->is_ca);
    EXPECT_NE(certificate, expired.certificate);
  }
}

}  // namespace
}  // namespace profiling::controllers
