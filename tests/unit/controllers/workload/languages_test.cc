// Languages learned from the profiles of a container that got several agents by guess.
#include "controllers/workload/languages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/workload/language_reconciler.h"
#include "controllers/workload/reconciler.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/inject/pods/facts_decoder.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/fake_api.h"
#include "tests/unit/controllers/signals/fake_queries.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::controllers {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using api::Language;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kGroup = "shop/StatefulSet/db";
constexpr const char* kGuessed =
    R"({"policy":"shop","containers":[{"name":"app","languages":[{"language":"java"},)"
    R"({"language":"python"},{"language":"node"}],"guess":"0a1b2c3d"}]})";

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  test::FakeQueries queries;
  PodTable pods;
  kube::Store<api::WorkloadProfile> records;
  std::shared_ptr<inject::Snapshot> policies = std::make_shared<inject::Snapshot>();
  WorkloadIndex index{pods, [this] { return policies; }, inject::settings()};
  LanguageReconciler reconciler{client, &queries, {}, pods, index, records, clock};
  std::string senders;  // of SelectSeries

  Cluster() {
    auto policy = std::make_shared<api::EffectivePolicy>(*inject::policy());
    policy->policy.spec.endpoint.reset();
    policy->policy.spec.server_ref = api::ServerRef{"pyroscope", "profiling"};
    policies->namespaces["shop"].policies = {policy};
    queries.answer = [this](const test::FakeQueries::Call& call) -> Result<std::string> {
      if (call.url.ends_with("LabelValues")) {
        return std::string(R"({"names":["process_cpu:cpu:nanoseconds:cpu:nanoseconds"]})");
      }
      return R"({"series":[)" + senders + "]}";
    };
    http.put("workloadprofiles",
             {{"metadata",
               {{"name", "statefulset-db"},
                {"namespace", "shop"},
                {"uid", "record-1"},
                {"annotations", {{std::string(api::kGroupKey), "StatefulSet/db"}}}}},
              {"status", {{"observedGeneration", 1}}}});
    sync();
  }
  void sync() {
    const auto record =
        api::workloadFromJson(*http.get("workloadprofiles", "shop", "statefulset-db"));
    ASSERT_TRUE(record.ok()) << record.status().toString();
    records.publish(
        {{"shop/statefulset-db", std::make_shared<const api::WorkloadProfile>(*record)}});
  }
  void pod(std::string_view name, std::chrono::seconds age, std::string_view decision = kGuessed) {
    inject::PodFacts facts;
    facts.namespace_ = "shop";
    facts.name = name;
    facts.labels = {{"app", "web"}, {"profiling.dev/profiled", "0123456789"}};
    facts.owner = api::OwnerView{"apps/v1", "StatefulSet", "db", "uid-1", true};
    facts.flags = inject::kPodReady;
    facts.inject = "true";
    facts.decision = decision;
    facts.created = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>((clock.wall() - age).time_since_epoch())
            .count());
    pods.upsert(facts);
  }
  void sends(const std::string& pod, const std::string& container, const std::string& spy) {
    senders += (senders.empty() ? "" : ",") + Json({{"labels",
                                                     {{{"name", "pod"}, {"value", pod}},
                                                      {{"name", "container"}, {"value", container}},
                                                      {{"name", "pyroscope_spy"}, {"value", spy}}}},
                                                    {"points", {{{"timestamp", "1"}}}}})
                                                  .dump();
  }
  Outcome pass() {
    Outcome outcome = reconciler.reconcile(kGroup, {});
    sync();
    return outcome;
  }
  Json detected() {
    return http.get("workloadprofiles", "shop", "statefulset-db")
        ->at("status")
        .value("detected", Json());
  }
};

TEST(Languages, ArrivingProfilesNarrowTheRecord) {
  Cluster c;
  c.pod("db-0", 120s);
  c.sends("db-0", "app", "pyspy");
  EXPECT_FALSE(c.pass().requeue_after);
  EXPECT_EQ(c.detected(), Json::parse(R"([{"container":"app","crashed":false,"imageHash":"0a1b2c3d",
                                           "languages":["Python"]}])"));
  ASSERT_EQ(c.queries.calls.size(), 2u);
  EXPECT_EQ(c.queries.calls[1].url,
            "http://pyroscope.profiling.svc:4040/querier.v1.QuerierService/SelectSeries");
  EXPECT_THAT(c.queries.calls[1].body,
              testing::HasSubstr(R"({namespace=\"shop\",workload=\"db\"})"));
  EXPECT_THAT(c.queries.calls[1].body,
              testing::HasSubstr(R"("groupBy":["pod","container","pyroscope_spy"])"));
  c.http.clearWrites();
  EXPECT_FALSE(c.pass().requeue_after);
  EXPECT_THAT(c.http.writtenPaths(), IsEmpty()) << "known";
  EXPECT_EQ(c.queries.calls.size(), 2u) << "not asked again";
}

constexpr const char* kVersioned =
    R"({"policy":"shop","containers":[{"name":"app","action":"injected","languages":[)"
    R"({"language":"java","version":"1"},{"language":"python","version":"1"},)"
    R"({"language":"node","version":"1"}],"guess":"0a1b2c3d","guessedVersion":"11112222"}]})";

TEST(Languages, AgentsThatStaySilentForLongAreRecordedForTheVersion) {
  Cluster c;
  c.pod("db-0", 120s, kVersioned);
  c.pass();
  EXPECT_TRUE(c.detected().is_null()) << "too early";
  c.clock.advance(300s);
  c.pass();
  EXPECT_EQ(c.detected(), Json::parse(R"([{"container":"app","crashed":false,"imageHash":"0a1b2c3d",
      "silent":["Java","Python","NodeJS"],"imageVersion":"11112222"}])"));
  const std::vector<api::DetectedLanguages> known{
      {"app",
       "0a1b2c3d",
       {},
       {Language::kJava, Language::kPython, Language::kNodeJS},
       false,
       "11112222"}};
  EXPECT_THAT(openGuesses({{"app", "0a1b2c3d", "11112222"}}, known), IsEmpty());
  EXPECT_EQ(openGuesses({{"app", "0a1b2c3d", "33334444"}}, known).size(), 1u) << "another version";
}

TEST(Languages, SilenceOfAHintLeavesTheOtherLanguagesOpen) {
  const std::vector<api::DetectedLanguages> known =
      merged({}, {{"app", "0a1b2c3d", {}, {Language::kJava}, false, "11112222"}});
  EXPECT_EQ(openGuesses({{"app", "0a1b2c3d", "11112222"}}, known).size(), 1u);
  const auto all = merged(
      known, {{"app", "0a1b2c3d", {}, {Language::kPython, Language::kNodeJS}, false, "11112222"}});
  EXPECT_THAT(all.at(0).silent, ElementsAre(Language::kJava, Language::kPython, Language::kNodeJS));
}

TEST(Languages, AGuessThatCrashesItsPodIsRecorded) {
  Cluster c;
  const auto crash = [&](const char* name, std::int64_t restarts, bool carries) {
    inject::PodFacts facts;
    facts.namespace_ = "shop";
    facts.name = name;
    facts.labels = {{"app", "web"}};
    if (carries) facts.labels.push_back({"profiling.dev/profiled", "0123456789"});
    facts.owner = api::OwnerView{"apps/v1", "StatefulSet", "db", "uid-1", true};
    facts.inject = "true";
    facts.decision = carries ? kVersioned : "";
    facts.created = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(c.clock.wall().time_since_epoch())
            .count());
    facts.restarts = restarts;
    facts.failure = inject::FailureView{"app", false, 1, "Error", "ModuleNotFoundError"};
    c.pods.upsert(facts);
  };
  crash("db-0", 1, true);
  c.pass();
  EXPECT_TRUE(c.detected().is_null()) << "once may be chance";
  crash("db-0", 2, true);
  crash("db-1", 2, false);
  c.clock.advance(600s);
  c.pass();
  EXPECT_TRUE(c.detected().is_null()) << "it crashes without agents as well";
  c.pods.erase("shop/db-1");
  c.clock.advance(600s);
  c.pass();
  EXPECT_EQ(c.detected()[0]["crashed"], true);
  EXPECT_EQ(c.detected()[0]["imageVersion"], "11112222");
}

TEST(Languages, WithoutAServerToAskTheAgentsOfAHealthyPodAreKept) {
  Cluster c;
  auto policy = std::make_shared<api::EffectivePolicy>(*c.policies->namespaces["shop"].policies[0]);
  policy->policy.spec.server_ref.reset();
  c.policies->namespaces["shop"].policies = {policy};
  c.pod("db-0", 120s, kVersioned);
  c.pass();
  EXPECT_THAT(c.queries.calls, IsEmpty());
  EXPECT_EQ(c.detected()[0]["languages"], Json({"Java", "Python", "NodeJS"}));
}

TEST(Languages, TwoRuntimesInOneContainerAreBothKept) {
  Cluster c;
  c.pod("db-0", 120s);
  c.sends("db-0", "app", "nodespy");
  c.sends("db-0", "app", "javaspy");
  c.pass();
  EXPECT_EQ(c.detected()[0]["languages"], Json({"Java", "NodeJS"}));
}

TEST(Languages, AYoungPodIsAskedAboutLater) {
  Cluster c;
  c.pod("db-0", 20s);
  c.sends("db-0", "app", "nodespy");  // of a start script, perhaps
  EXPECT_EQ(c.pass().requeue_after, Millis(40s)) << "four uploads of fifteen seconds";
  EXPECT_THAT(c.queries.calls, IsEmpty());
  EXPECT_TRUE(c.detected().is_null());
}

TEST(Languages, ProfilesOfOtherWorkloadsProveNothing) {
  Cluster c;
  c.pod("db-0", 120s);
  c.sends("db-9", "app", "pyspy");      // of a pod that is no more
  c.sends("db-0", "sidecar", "gospy");  // of another container
  c.sends("db-0", "app", "gospy");      // of an agent that nobody guessed
  EXPECT_EQ(c.pass().requeue_after, Millis(60s));
  EXPECT_TRUE(c.detected().is_null());
}

TEST(Languages, TheServerIsQueriedEverLessOftenAndNotOnEveryPodEvent) {
  Cluster c;
  c.pod("db-0", 600s);
  EXPECT_EQ(c.pass().requeue_after, Millis(300s));
  const std::size_t asked = c.queries.calls.size();
  c.clock.advance(1s);
  EXPECT_EQ(c.pass().requeue_after, Millis(299s));
  EXPECT_EQ(c.queries.calls.size(), asked);
  c.clock.advance(299s);
  c.pass();
  EXPECT_GT(c.queries.calls.size(), asked);
}

TEST(Languages, AnUnavailableServerChangesNothing) {
  Cluster c;
  c.pod("db-0", 60s);
  c.queries.answer = [](const auto&) -> Result<std::string> {
    return Status(Code::kUnavailable, "no answer");
  };
  const Outcome outcome = c.pass();
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.requeue_after, Millis(30s));
  EXPECT_TRUE(c.detected().is_null());
}

TEST(Languages, AnotherImageIsAskedAboutAgain) {
  const std::vector<api::DetectedLanguages> known{{"app", "0a1b2c3d", {Language::kJava}}};
  EXPECT_THAT(openGuesses({{"app", "0a1b2c3d"}, {"app", "ffffffff"}}, known),
              ElementsAre(inject::Guess{"app", "ffffffff"}));
  EXPECT_THAT(
      merged(known, {{"app", "ffffffff", {Language::kPython}}}),
      ElementsAre(known[0], api::DetectedLanguages{"app", "ffffffff", {Language::kPython}}));
  std::vector<api::DetectedLanguages> many;
  for (int i = 0; i < 30; ++i) many = merged(many, {{"app", std::to_string(i), {}}});
  ASSERT_EQ(many.size(), api::kMaxDetected);
  EXPECT_EQ(many.back().image_hash, "29");
}

}  // namespace
}  // namespace profiling::controllers
