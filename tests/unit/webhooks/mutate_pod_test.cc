#include "webhooks/mutate_pod.h"

#include <atomic>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/base/encoding.h"
#include "tests/support/posted.h"
#include "webhooks/admission/response.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const Snapshot> snapshotOf(std::string url = "http://pyroscope:4040") {
  auto policy = std::make_shared<api::ProfilingPolicy>();
  policy->metadata.name = policy->metadata.namespace_ = "shop";
  policy->spec.endpoint = api::Endpoint{std::move(url), ""};
  inject::Records<api::ProfilingPolicy> policies{{"shop/shop", policy}};
  return inject::buildSnapshot(policies, {}, {}, {}, {});
}

json reviewOf(const json& more = json::object()) {
  json request = {{"uid", "u-1"},
                  {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                  {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
                  {"namespace", "shop"},
                  {"operation", "CREATE"},
                  {"object", json::parse(R"({"metadata":{"namespace":"lies",
                     "annotations":{"profiling.dev/inject":"python"}},
                     "spec":{"containers":[{"name":"app","image":"x"}]}})")}};
  request.update(more);
  return {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", request}};
}

class MutatePod : public ::testing::Test {
 protected:
  MutatePod() : mutator_(settings(), observer()) { mutator_.use(snapshotOf()); }

  static inject::Settings settings() {
    inject::Settings s;
    for (auto& agent : s.agents) agent = {"registry/agent:1", "1"};
    return s;
  }
  MutationObserver observer() {
    return {[this](inject::Reason r, api::PolicyMode mode) {
              decided_.emplace_back(inject::reasonName(r));
              if (mode == api::PolicyMode::kObserve) decided_.back() += " observed";
            },
            [this] { ++failed_open_; }};
  }
  static net::ServerResponse send(const PodMutator& mutator, std::string body,
                                  std::string_view type = "application/json") {
    return mutator.handle(test::Posted(std::move(body), type).request());
  }
  net::ServerResponse post(const json& review) { return send(mutator_, review.dump()); }
  // The patch as text; empty without one.
  static std::string patchOf(const net::ServerResponse& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json response = json::parse(answer.body).at("response");
    EXPECT_EQ(response.at("allowed"), true);
    if (!response.contains("patch")) return "";
    return base64Decode(response["patch"].get<std::string>()).value_or("not base64");
  }

  std::vector<std::string> decided_;
  int failed_open_ = 0;
  PodMutator mutator_;
};

TEST_F(MutatePod, OnlyJsonIsAccepted) {
  const std::string body = reviewOf().dump();
  for (const char* type : {"", "text/plain", "application/jsonx", "application/yaml", "json",
                           "application/vnd.kubernetes.protobuf"}) {
    const auto answer = send(mutator_, body, type);
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_THAT(answer.body, HasSubstr("application/json"));
  }
  for (const char* type : {"application/json", "application/json; charset=utf-8",
                           " application/json ", "application/json;x"}) {
    EXPECT_EQ(send(mutator_, body, type).status, 200) << type;
  }
}

TEST_F(MutatePod, ABodyThatIsNoReviewGets400) {
  for (const char* body : {"", " ", "{", "null", "[]", "{}", "{\"kind\":\"AdmissionReview\"}"}) {
    const auto answer = send(mutator_, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.content_type, HasSubstr("text/plain"));
    EXPECT_EQ(answer.body.back(), '\n');
  }
  EXPECT_EQ(post(reviewOf({{"uid", ""}})).status, 400);
  EXPECT_EQ(post(reviewOf({{"object", "x"}})).status, 400);
  std::string twice = reviewOf().dump();
  twice.insert(twice.find("\"annotations\""), "\"annotations\":{},");
  EXPECT_EQ(send(mutator_, twice).status, 400);
  EXPECT_THAT(decided_, IsEmpty());
  EXPECT_EQ(failed_open_, 0);
}

TEST_F(MutatePod, AnswersWithTheUidAndAPatch) {
  const auto answer = post(reviewOf());
  EXPECT_EQ(json::parse(answer.body)["response"]["uid"], "u-1");
  EXPECT_THAT(patchOf(answer), HasSubstr("/profiling-agent/python"));
  EXPECT_THAT(decided_, ElementsAre("Injected"));
}

TEST_F(MutatePod, TrustsTheNamespaceOfTheRequest) {
  EXPECT_THAT(patchOf(post(reviewOf())), HasSubstr("namespace=shop"));
  EXPECT_THAT(patchOf(post(reviewOf({{"namespace", "lies"}}))), HasSubstr("NoPolicy"));
  EXPECT_EQ(patchOf(post(reviewOf({{"namespace", "kube-system"}}))), "");
}

TEST_F(MutatePod, EverythingButTheCreationOfAPodIsAllowedUnread) {
  for (const json& more :
       {json{{"operation", "UPDATE"}}, json{{"operation", "DELETE"}, {"object", nullptr}},
        json{{"subResource", "ephemeralcontainers"}}, json{{"object", nullptr}},
        json{{"resource", {{"group", ""}, {"version", "v1"}, {"resource", "services"}}}},
        json{{"requestKind", {{"group", "x"}, {"version", "v1"}, {"kind", "Pod"}}}}}) {
    EXPECT_EQ(patchOf(post(reviewOf(more))), "") << more.dump();
  }
  EXPECT_THAT(decided_, IsEmpty());
}

TEST_F(MutatePod, ADryRunGetsTheSamePatchAndIsNotCounted) {
  const std::string wet = patchOf(post(reviewOf()));
  decided_.clear();
  EXPECT_EQ(patchOf(post(reviewOf({{"dryRun", true}}))), wet);
  EXPECT_THAT(decided_, IsEmpty());
}

TEST_F(MutatePod, FailsOpenWhenSomethingInsideThrows) {
  int failed = 0;
  const MutationObserver throwing[] = {
      {[](inject::Reason, api::PolicyMode) { throw std::runtime_error("broken"); },
       [&] { ++failed; }},
      {[](inject::Reason, api::PolicyMode) { throw 7; }, [&] { ++failed; }}};
  for (const auto& observer : throwing) {
    PodMutator mutator(settings(), observer);
    mutator.use(snapshotOf());
    const auto answer = send(mutator, reviewOf().dump());
    EXPECT_EQ(patchOf(answer), "");
    EXPECT_EQ(json::parse(answer.body)["response"]["uid"], "u-1");
  }
  EXPECT_EQ(failed, 2);
}

TEST_F(MutatePod, WorksWithoutObservers) {
  PodMutator mutator(settings(), {});
  mutator.use(snapshotOf());
  EXPECT_NE(patchOf(send(mutator, reviewOf().dump())), "");
}

TEST_F(MutatePod, AMalformedPodIsAllowedUnchangedWithAWarning) {
  const auto answer = post(reviewOf({{"object", json::parse(R"({"metadata":{
      "annotations":{"profiling.dev/inject":"true"}},"spec":{"containers":[{"env":"x"}]}})")}}));
  EXPECT_EQ(patchOf(answer), "");
  EXPECT_THAT(answer.body, HasSubstr("spec.containers[0].env must be an array"));
  EXPECT_THAT(decided_, ElementsAre("MalformedPod"));
}

TEST_F(MutatePod, APodWithoutMetadataGetsNoPatch) {
  auto policy = std::make_shared<api::ProfilingPolicy>();
  policy->metadata.name = policy->metadata.namespace_ = "shop";
  policy->spec.activation = api::Activation::kSelected;
  policy->spec.endpoint = api::Endpoint{"http://pyroscope:4040", ""};
  mutator_.use(inject::buildSnapshot({{"shop/shop", policy}}, {}, {}, {}, {}));
  const json spec = {{"containers", {{{"name", "app"}}}}};
  EXPECT_EQ(patchOf(post(reviewOf({{"object", {{"spec", spec}}}}))), "");
  EXPECT_EQ(patchOf(post(reviewOf({{"object", {{"metadata", nullptr}, {"spec", spec}}}}))), "");
  EXPECT_THAT(decided_, ElementsAre("MalformedPod", "MalformedPod"));
  EXPECT_NE(patchOf(post(reviewOf({{"object", {{"metadata", json::object()}, {"spec", spec}}}}))),
            "");
}

// Another webhook changes the pod, and the API server asks again.
TEST_F(MutatePod, ALaterPassTakesNoSecondPlaceOfAShare) {
  auto policy = std::make_shared<api::ProfilingPolicy>();
  policy->metadata.name = policy->metadata.namespace_ = "shop";
  policy->spec.endpoint = api::Endpoint{"http://pyroscope:4040", ""};
  policy->spec.rollout.emplace().pods.steps = {10, 100};
  const auto snapshot = inject::buildSnapshot({{"shop/shop", policy}}, {}, {}, {}, {});
  const std::string revision = snapshot->of("shop").policies.front()->revision;
  RolloutTable table("a", 1);
  const inject::Assignment share{"ProfilingPolicy", "shop", revision, "", revision, "", 1,
                                 std::nullopt,      false};
  table.setRecord("shop/replicaset-web", "shop/ReplicaSet/web", share);
  PodMutator mutator(settings(), observer(), &table);
  mutator.use(snapshot);

  json review = reviewOf();
  json& pod = review["request"]["object"];
  pod["metadata"]["ownerReferences"] = json::array(
      {{{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"name", "web"}, {"controller", true}}});
  const json another = review;
  const std::string patch = patchOf(send(mutator, review.dump()));
  ASSERT_THAT(patch, HasSubstr(R"(\"replica\":\"a\")"));
  EXPECT_EQ(table.stats().pending, 1U);
  EXPECT_THAT(patchOf(send(mutator, another.dump())), HasSubstr("OutsideShare"));

  pod = pod.patch(json::parse(patch));
  EXPECT_EQ(patchOf(send(mutator, review.dump())), "");
  EXPECT_EQ(table.stats().pending, 1U);
  EXPECT_THAT(decided_, ElementsAre("Injected", "OutsideShare", "AlreadyInjected"));
}

TEST_F(MutatePod, APodWhoseSiblingsWereRefusedStartsWithoutAnAgent) {
  Breakers breakers;
  PodMutator mutator(settings(), observer(), nullptr, nullptr, &breakers);
  mutator.use(snapshotOf());
  json review = reviewOf();
  review["request"]["object"]["metadata"]["ownerReferences"] = json::array(
      {{{"kind", "ReplicaSet"}, {"name", "web-1"}, {"uid", "u1"}, {"controller", true}}});
  EXPECT_THAT(patchOf(send(mutator, review.dump())), HasSubstr("initContainers"));
  breakers.refusal({"bank", "ReplicaSet", "web-1", "u1", "forbidden", 0, "web.1"}, false);
  EXPECT_THAT(patchOf(send(mutator, review.dump())), HasSubstr("initContainers"));
  breakers.refusal({"shop", "ReplicaSet", "web-1", "u1", "forbidden", 0, "web.1"}, false);
  const std::string patch = patchOf(send(mutator, review.dump()));
  EXPECT_THAT(patch, testing::Not(HasSubstr("initContainers")));
  EXPECT_THAT(patch, HasSubstr("PodRefused")) << "it asked for an agent, so it learns why";
  EXPECT_EQ(decided_.back(), "PodRefused");
}

TEST_F(MutatePod, AnAgentThatCannotBePulledIsLeftOut) {
  Breakers breakers;
  PodMutator mutator(settings(), observer(), nullptr, nullptr, &breakers);
  mutator.use(snapshotOf());
  inject::PodFacts facts;
  facts.namespace_ = "shop";
  facts.agent_images = {{"registry/agent:1", false, true}};
  for (const char* pod : {"shop/a", "shop/b"}) breakers.podSeen(pod, facts);
  const std::string patch = patchOf(send(mutator, reviewOf().dump()));
  EXPECT_THAT(patch, testing::Not(HasSubstr("initContainers")));
  EXPECT_THAT(patch, HasSubstr("AgentImageUnavailable"));
}

TEST_F(MutatePod, OnePodOfAWorkloadFindsTheLanguageAndANamedLanguageWaitsForNone) {
  RolloutTable table("a", 1);
  Breakers breakers;
  PodMutator mutator(settings(), observer(), &table, nullptr, &breakers);
  mutator.use(snapshotOf());
  json review = reviewOf();
  json& metadata = review["request"]["object"]["metadata"];
  metadata["annotations"]["profiling.dev/inject"] = "true";
  metadata["ownerReferences"] =
      json::array({{{"kind", "ReplicaSet"}, {"name", "web"}, {"uid", "u1"}, {"controller", true}}});
  const auto patch = [&] { return patchOf(send(mutator, review.dump())); };

  inject::PodFacts facts;
  facts.namespace_ = "shop";
  facts.agent_images = {{"registry/agent:1", false, true}};
  for (const char* pod : {"shop/a", "shop/b"}) breakers.podSeen(pod, facts);
  EXPECT_THAT(patch(), testing::Not(HasSubstr("initContainers")));
  for (const char* pod : {"shop/a", "shop/b"}) breakers.podGone(pod);

  EXPECT_THAT(patch(), HasSubstr("initContainers")) << "the one before has taken no place";
  EXPECT_THAT(patch(), testing::Not(HasSubstr("initContainers")));
  metadata["annotations"]["profiling.dev/inject"] = "java";
  EXPECT_THAT(patch(), HasSubstr("/profiling-agent/java"));
  EXPECT_THAT(decided_,
              ElementsAre("AgentImageUnavailable", "Injected", "AwaitingLanguage", "Injected"));
}

// The controller must distinguish such a pod from one that the webhook was never asked about.
TEST_F(MutatePod, WhereARolloutReplacesPodsARefusalIsWrittenIntoEachPod) {
  const auto patchUnder = [&](api::RestartMode mode) {
    auto policy = std::make_shared<api::ProfilingPolicy>();
    policy->metadata.name = policy->metadata.namespace_ = "shop";
    policy->spec.activation = api::Activation::kSelected;
    policy->spec.endpoint = api::Endpoint{"http://pyroscope:4040", ""};
    policy->spec.rollout.emplace().restart.mode = mode;
    const auto snapshot = inject::buildSnapshot({{"shop/shop", policy}}, {}, {}, {}, {});
    const std::string revision = snapshot->of("shop").policies.front()->revision;
    RolloutTable table("a", 1);
    table.setRecord("shop/replicaset-web", "shop/ReplicaSet/web",
                    inject::Assignment{"ProfilingPolicy", "shop", revision, "", revision, "", 0,
                                       std::nullopt, false});
    PodMutator mutator(settings(), observer(), &table);
    mutator.use(snapshot);
    json review = reviewOf();
    json& metadata = review["request"]["object"]["metadata"];
    metadata.erase("annotations");
    metadata["ownerReferences"] = json::array(
        {{{"kind", "ReplicaSet"}, {"name", "web"}, {"uid", "u1"}, {"controller", true}}});
    return patchOf(send(mutator, review.dump()));
  };
  EXPECT_THAT(patchUnder(api::RestartMode::kManaged), HasSubstr("OutsideShare"));
  EXPECT_EQ(patchUnder(api::RestartMode::kOnOwnerChange), "");
}

// Whatever would have been done or said.
TEST_F(MutatePod, UnderObserveNoPodIsPatchedOrWarned) {
  auto policy = std::make_shared<api::ProfilingPolicy>();
  policy->metadata.name = policy->metadata.namespace_ = "shop";
  policy->spec.endpoint = api::Endpoint{"http://pyroscope:4040", ""};
  policy->spec.mode = api::PolicyMode::kObserve;
  mutator_.use(inject::buildSnapshot({{"shop/shop", policy}}, {}, {}, {}, {}));
  const std::string nothing = admission::allowedResponse("u-1", {}, {});
  const auto pod = [](const char* annotations, const char* container) {
    return json{{"object",
                 {{"metadata", {{"annotations", json::parse(annotations)}}},
                  {"spec", {{"containers", json::array({json::parse(container)})}}}}}};
  };
  const char* app = R"({"name":"app","image":"x"})";
  EXPECT_EQ(post(reviewOf()).body, nothing);
  EXPECT_EQ(
      post(reviewOf(pod(R"({"profiling.dev/inject":"yes","profiling.dev/tags":"="})", app))).body,
      nothing);
  EXPECT_EQ(post(reviewOf(pod(R"({"profiling.dev/inject":"true"})", R"({"env":"x"})"))).body,
            nothing);
  EXPECT_EQ(post(reviewOf(pod(R"({"profiling.dev/inject":"java",
                                   "profiling.dev/containers":"gone"})",
                              app)))
                .body,
            nothing);
  EXPECT_THAT(decided_, ElementsAre("Injected observed", "NotOptedIn observed",
                                    "MalformedPod observed", "UnknownContainer observed"));
}

TEST_F(MutatePod, WarningsOfOptedInPodsAreCutAndEscaped) {
  json object = reviewOf()["request"]["object"];
  object["metadata"]["annotations"]["profiling.dev/tags"] = "a=" + std::string(1500, 'x') + "\n";
  const json response = json::parse(post(reviewOf({{"object", object}})).body)["response"];
  ASSERT_EQ(response.at("warnings").size(), 1U);
  const auto text = response["warnings"][0].get<std::string>();
  EXPECT_LE(text.size(), 256U);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST_F(MutatePod, BeforeTheFirstSnapshotNothingIsPatched) {
  PodMutator fresh(settings(), observer());
  json object = reviewOf()["request"]["object"];
  object["metadata"].erase("annotations");
  EXPECT_EQ(patchOf(send(fresh, reviewOf({{"object", object}}).dump())), "");
  EXPECT_THAT(decided_, ElementsAre("NoPolicy"));
}

TEST_F(MutatePod, ANewSnapshotIsUsedWhileRequestsRun) {
  PodMutator mutator(settings(), {});
  mutator.use(snapshotOf("http://a:1"));
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const std::string patch = patchOf(send(mutator, reviewOf().dump()));
        const bool a = patch.find("http://a:1") != std::string::npos;
        const bool b = patch.find("http://b:2") != std::string::npos;
        if (a == b) ++wrong;
      }
    });
  }
  for (int i = 0; i < 200; ++i) mutator.use(snapshotOf(i % 2 == 0 ? "http://b:2" : "http://a:1"));
  done = true;
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace profiling::webhooks
