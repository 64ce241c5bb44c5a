#include "controllers/certificates/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/encoding.h"
#include "operator/base/time_text.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/fake_api.h"

namespace profiling::controllers {
namespace {

using testing::ElementsAre;
using Json = nlohmann::json;

const CertificateSettings kSettings{
    "profiling-system", "webhook", "profiling-operator", "tls", "ca", {"operator", "operator-uid"}};
const std::string kSecretPath = "/api/v1/namespaces/profiling-system/secrets";
const std::string kWebhookPath =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/profiling-operator";
const std::string kConfigMapPath = "/api/v1/namespaces/profiling-system/configmaps/ca";

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  CertificateReconciler reconciler{client, kSettings, clock};
  std::stop_source stop;

  Cluster() { configuration(""); }
  void configuration(const std::string& bundle) {
    http.put("mutatingwebhookconfigurations",
             {{"metadata", {{"name", "profiling-operator"}}},
              {"webhooks",
               {{{"name", "pods.profiling.dev"},
                 {"sideEffects", "None"},
                 {"clientConfig",
                  {{"caBundle", base64Encode(bundle)}, {"service", {{"name", "webhook"}}}}}}}}});
  }
  Outcome reconcile() { return reconciler.reconcile("certificates", stop.get_token()); }
  std::string secret(const char* name, const char* key) {
    const auto object = http.get("secrets", "profiling-system", name);
    return object ? base64Decode(object->at("data").value(key, "")).value_or("") : "";
  }
  std::string published() {
    const auto object = http.get("mutatingwebhookconfigurations", "", "profiling-operator");
    return *base64Decode(
        object->at("webhooks").at(0).at("clientConfig").at("caBundle").get<std::string>());
  }
  // What an API server does with each admission.
  bool trusted() {
    return tls::issuedBy(secret("tls", "tls.crt"), published()) &&
           tls::keyMatches(secret("tls", "tls.crt"), secret("tls", "tls.key"));
  }
};

TEST(CertificateReconciler, OneRunIssuesAndPublishesCertificatesInAFreshCluster) {
  Cluster c;
  const Outcome outcome = c.reconcile();
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.toString();
  EXPECT_THAT(c.http.writtenPaths(),
              ElementsAre(kSecretPath, kWebhookPath, kConfigMapPath, kSecretPath));
  EXPECT_TRUE(c.trusted());
  const auto leaf = tls::inspect(c.secret("tls", "tls.crt"));
  EXPECT_THAT(leaf->dns_names, ElementsAre("webhook.profiling-system.svc",
                                           "webhook.profiling-system.svc.cluster.local"));
  EXPECT_EQ(c.secret("tls", "ca.key"), "") << "the webhook's pods mount this Secret";
  EXPECT_EQ(c.http.get("configmaps", "profiling-system", "ca")->at("data").at("ca.crt"),
            c.published());
  const auto entry =
      c.http.get("mutatingwebhookconfigurations", "", "profiling-operator")->at("webhooks").at(0);
  EXPECT_EQ(entry.at("clientConfig").at("service").at("name"), "webhook")
      << "the rest is untouched";
}

TEST(CertificateReconciler, SecondRunWritesNothing) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.clearWrites();
  const Outcome outcome = c.reconcile();
  EXPECT_TRUE(c.http.writes().empty());
  ASSERT_TRUE(outcome.requeue_after.has_value());
  EXPECT_GT(*outcome.requeue_after, Millis(0));
}

TEST(CertificateReconciler, OverwrittenBundleIsRestoredAtADecreasingRate) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.clock.advance(std::chrono::seconds(5));
  c.configuration("theirs");
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
  c.configuration("theirs");
  const Outcome held = c.reconcile();
  ASSERT_TRUE(held.status.ok());
  EXPECT_FALSE(c.trusted());
  EXPECT_EQ(held.requeue_after, Millis(2000));
  c.clock.advance(std::chrono::seconds(2));
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
}

TEST(CertificateReconciler, DeletedOrBrokenLeafIsReplaced) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.remove("secrets", "profiling-system", "tls");
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
  Json broken = *c.http.get("secrets", "profiling-system", "tls");
  broken["data"]["tls.key"] = "not base64!";
  c.http.put("secrets", broken);
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
}

// The property of a rotation: whatever leaf pods may still serve is trusted at every step.
TEST(CertificateReconciler, ALostCaIsReplacedWithoutAGapInTrust) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.clock.advance(std::chrono::hours(2));
  const std::string old_leaf = c.secret("tls", "tls.crt");
  c.http.remove("secrets", "profiling-system", "tls-ca");

  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(tls::splitBundle(c.published()).size(), 2U);
  EXPECT_EQ(c.secret("tls", "tls.crt"), old_leaf) << "the bundle comes first";
  EXPECT_TRUE(c.trusted());

  c.clock.advance(kBundleSettles);
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_NE(c.secret("tls", "tls.crt"), old_leaf);
  EXPECT_TRUE(c.trusted());
  EXPECT_TRUE(tls::issuedBy(old_leaf, c.published())) << "pods load the new one only later";

  c.clock.advance(kLeafSettles);
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(tls::splitBundle(c.published()).size(), 1U);
  EXPECT_TRUE(c.trusted());
  EXPECT_FALSE(tls::issuedBy(old_leaf, c.published()));
}

TEST(CertificateReconciler, ElevenYearsPassWithoutAGapInTrust) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  const auto end = c.clock.wall() + std::chrono::hours(24 * 365 * 11);
  std::string mounted = c.secret("tls", "tls.crt");  // what a pod serves: one step behind
  int runs = 0;
  while (c.clock.wall() < end) {
    const Outcome outcome = c.reconcile();
    ASSERT_TRUE(outcome.status.ok()) << outcome.status.toString();
    ASSERT_TRUE(tls::issuedBy(mounted, c.published())) << formatRfc3339(c.clock.wall());
    ASSERT_GT(tls::inspect(mounted)->not_after, c.clock.wall());
    ASSERT_TRUE(c.trusted()) << formatRfc3339(c.clock.wall());
    mounted = c.secret("tls", "tls.crt");
    // In steady state three weeks at a time: the process was away.
    const bool calm = *outcome.requeue_after > std::chrono::hours(6);
    c.clock.advance(calm ? Millis(std::chrono::hours(24 * 21)) : *outcome.requeue_after);
    ASSERT_LT(++runs, 2000);
  }
  EXPECT_GT(runs, 190);
}

TEST(CertificateReconciler, TwoReplicasEndWithOneCa) {
  Cluster c;
  // The other replica writes its CA between our read and our write.
  bool raced = false;
  c.http.intercept([&](const net::Request& r) -> std::optional<net::Response> {
    if (r.method != net::Method::kPost || raced) return std::nullopt;
    raced = true;
    CertificateReconciler other(c.client, kSettings, c.clock);
    EXPECT_TRUE(other.reconcile("certificates", c.stop.get_token()).status.ok());
    return std::nullopt;
  });
  EXPECT_EQ(c.reconcile().status.code(), Code::kConflict);
  EXPECT_TRUE(c.trusted());
  const std::string leaf = c.secret("tls", "tls.crt");
  EXPECT_TRUE(c.reconcile().status.ok());
  EXPECT_EQ(c.secret("tls", "tls.crt"), leaf);
  EXPECT_TRUE(c.trusted());
}

TEST(CertificateReconciler, FailedReadNeverLeadsToANewCa) {
  Cluster c;
  ASSERT_TRUE(c.reconcile().status.ok());
  c.http.clearWrites();
  c.http.intercept([](const net::Request& r) -> std::optional<net::Response> {
    if (r.target.find("/secrets/tls-ca") == std::string::npos) return std::nullopt;
    return test::FakeHttp::json(503, "{}");
  });
  EXPECT_EQ(c.reconcile().status.code(), Code::kUnavailable);
  EXPECT_TRUE(c.http.writes().empty());
}

TEST(CertificateReconciler, RefusedSecretIsRetriedBecauseNoEventWouldTriggerIt) {
  Cluster c;
  for (const int refusal : {422, 413}) {
    c.http.intercept([&](const net::Request& r) -> std::optional<net::Response> {
      if (r.method != net::Method::kPost) return std::nullopt;
      return test::FakeHttp::json(refusal, "{}");
    });
    const Status status = c.reconcile().status;
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(status.retryAfter().has_value()) << refusal;
  }
  c.http.intercept(nullptr);
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
}

TEST(CertificateReconciler, ValidatingConfigurationTrustsTheSameCa) {
  Cluster c;
  c.http.put(
      "validatingwebhookconfigurations",
      {{"metadata", {{"name", "profiling-operator"}}},
       {"webhooks", {{{"name", "objects.profiling.dev"}, {"clientConfig", Json::object()}}}}});
  ASSERT_TRUE(c.reconcile().status.ok());
  const auto object = c.http.get("validatingwebhookconfigurations", "", "profiling-operator");
  const auto& entry = object->at("webhooks").at(0);
  EXPECT_EQ(*base64Decode(entry.at("clientConfig").at("caBundle").get<std::string>()),
            c.published());
  c.http.clearWrites();
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.http.writes().empty());
}

TEST(CertificateReconciler, CertificatesAreIssuedWithoutAWebhookConfiguration) {
  Cluster c;
  c.http.remove("mutatingwebhookconfigurations", "", "profiling-operator");
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_THAT(c.http.writtenPaths(), ElementsAre(kSecretPath, kConfigMapPath, kSecretPath));
  c.configuration("");
  ASSERT_TRUE(c.reconcile().status.ok());
  EXPECT_TRUE(c.trusted());
}

}  // namespace
}  // namespace profiling::controllers
