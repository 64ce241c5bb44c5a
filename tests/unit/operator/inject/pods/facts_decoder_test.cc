#include "operator/inject/pods/facts_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/padded.h"

namespace profiling::inject {
namespace {

using test::Padded;

constexpr const char* kPod = R"({"metadata":{"name":"web-1","namespace":"shop",
  "labels":{"app":"web","pod-template-hash":"6f7d8"},
  "annotations":{"profiling.dev/inject":"true","profiling.dev/policy":"mine",
    "profiling.dev/decision":"{\"action\":\"injected\"}","other":"x"},
  "ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u0"},
    {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6f7d8","uid":"u1","controller":true}]},
  "spec":{"priorityClassName":"system-cluster-critical","containers":[{"name":"app"}]},
  "status":{"phase":"Running","conditions":[{"type":"Initialized","status":"True"},
    {"type":"Ready","status":"True"}]}})";

TEST(FactsDecoder, ReadsTheFactsThatAreKept) {
  FactsDecoder decoder;
  const Padded text(kPod);
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok()) << pod.status().toString();
  EXPECT_EQ(pod->namespace_, "shop");
  EXPECT_EQ(pod->name, "web-1");
  ASSERT_EQ(pod->labels.size(), 2u);
  EXPECT_EQ(pod->labels[1].value, "6f7d8");
  EXPECT_EQ(pod->inject, "true");
  EXPECT_EQ(pod->policy, "mine");
  EXPECT_EQ(pod->decision, R"({"action":"injected"})");
  ASSERT_TRUE(pod->owner.has_value());
  EXPECT_EQ(pod->owner->kind, "ReplicaSet") << "the controlling one, not the first";
  EXPECT_EQ(pod->owner->uid, "u1");
  EXPECT_EQ(pod->flags, kPodReady | kPodCritical);
}

TEST(FactsDecoder, DistinguishesStates) {
  FactsDecoder decoder;
  const auto flags = [&](const std::string& metadata, const std::string& status) {
    const Padded text(R"({"metadata":{"name":"p","namespace":"n")" + metadata + R"(},"status":{)" +
                      status + "}}");
    const auto pod = decoder.decode(text.view());
    EXPECT_TRUE(pod.ok()) << pod.status().toString();
    return pod.ok() ? pod->flags : 0;
  };
  EXPECT_EQ(flags("", ""), 0);
  EXPECT_EQ(flags(R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")", ""), kPodDeleting);
  EXPECT_EQ(flags("", R"("phase":"Succeeded")"), kPodFinished);
  EXPECT_EQ(flags("", R"("phase":"Failed")"), kPodFinished);
  EXPECT_EQ(flags("", R"("conditions":[{"type":"Ready","status":"False"}])"), 0);
  EXPECT_EQ(flags(R"(,"annotations":{"kubernetes.io/config.mirror":"x"})", ""), kPodMirror);
}

TEST(FactsDecoder, FieldsOfAnotherTypeCountAsAbsent) {
  FactsDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n","labels":[],"annotations":7,
    "ownerReferences":{"kind":"x"}},"spec":[],"status":{"phase":1,"conditions":{}}})");
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok()) << pod.status().toString();
  EXPECT_TRUE(pod->labels.empty());
  EXPECT_FALSE(pod->inject || pod->policy || pod->owner);
  EXPECT_EQ(pod->flags, 0);
}

TEST(FactsDecoder, RefusesAnObjectThatIsNoPod) {
  FactsDecoder decoder;
  for (const char* bad : {"", "{", "[]", "{}", R"({"metadata":{"name":"p"}})",
                          R"({"metadata":{"namespace":"n"}})", R"({"metadata":null})"}) {
    const Padded text(bad);
    EXPECT_FALSE(decoder.decode(text.view()).ok()) << bad;
  }
}

TEST(FactsDecoder, ALongAnnotationIsNotKept) {
  FactsDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n","annotations":{
    "profiling.dev/inject":")" +
                    std::string(5000, 'x') + R"(","profiling.dev/decision":")" +
                    std::string(5000, 'y') + R"("}}})");
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok());
  EXPECT_LE(pod->inject->size(), 512u);
  EXPECT_TRUE(pod->decision.empty());
}

TEST(FactsDecoder, ReadsThePodsIdentity) {
  FactsDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n","uid":"u-1",
    "creationTimestamp":"2026-08-01T12:00:00Z"}})");
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok());
  EXPECT_EQ(pod->uid, "u-1");
  EXPECT_EQ(pod->created, 1785585600u);
  EXPECT_EQ(pod->restarts, 0);
  EXPECT_FALSE(pod->failure.has_value());
}

struct StatusFacts {
  std::int64_t restarts = 0;
  std::string failure;  // "container init exit reason message", empty: none
};
StatusFacts statuses(const std::string& status) {
  FactsDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n"},"status":{)" + status + "}}");
  const auto pod = decoder.decode(text.view());
  EXPECT_TRUE(pod.ok()) << pod.status().toString();
  if (!pod.ok()) return {};
  StatusFacts facts{pod->restarts, {}};
  if (const auto& f = pod->failure) {
    facts.failure = std::string(f->container) + (f->init ? " init " : " - ") +
                    (f->exit_code ? std::to_string(*f->exit_code) : "-") + " " +
                    std::string(f->reason) + " " + std::string(f->message);
  }
  return facts;
}

TEST(FactsDecoder, RestartsAreThoseOfAllContainers) {
  EXPECT_EQ(statuses(R"("containerStatuses":[{"name":"a","restartCount":2},
    {"name":"b","restartCount":3}],"initContainerStatuses":[{"name":"i","restartCount":1}])")
                .restarts,
            6);
  EXPECT_EQ(statuses(R"("containerStatuses":[{"restartCount":-4},{"restartCount":"7"},
    {"restartCount":9223372036854775807},{"restartCount":9223372036854775807},7,null])")
                .restarts,
            2'000'000'000);
}

TEST(FactsDecoder, ReportsTheFailureOfTheContainerThatFailsNowOrFailedLast) {
  const auto failure = [](const std::string& status) { return statuses(status).failure; };
  const auto container = [](const std::string& name, const std::string& state,
                            const std::string& last = "{}") {
    return R"({"name":")" + name + R"(","state":)" + state + R"(,"lastState":)" + last + "}";
  };
  const auto app = [](const std::string& list) { return R"("containerStatuses":[)" + list + "]"; };
  const auto init = [](const std::string& list) {
    return R"("initContainerStatuses":[)" + list + "]";
  };
  const auto ended = [](int code, const std::string& reason, const std::string& at) {
    return R"({"terminated":{"exitCode":)" + std::to_string(code) + R"(,"reason":")" + reason +
           R"(","message":"said","finishedAt":"2026-01-01T00:00:)" + at + R"(Z"}})";
  };
  const std::string runs = R"({"running":{"startedAt":"2026-01-01T00:00:00Z"}})";
  const std::string starts = R"({"waiting":{"reason":"PodInitializing"}})";
  const std::string pull = R"({"waiting":{"reason":"ImagePullBackOff","message":"no such image"}})";
  const std::string loop = R"({"waiting":{"reason":"CrashLoopBackOff","message":"back-off 10s"}})";

  EXPECT_EQ(failure(app(container("a", runs))), "");
  EXPECT_EQ(failure(app(container("a", starts))), "");
  EXPECT_EQ(failure(app(container("a", R"({"waiting":{}})"))), "");
  EXPECT_EQ(failure(app(container("a", pull))), "a - - ImagePullBackOff no such image");
  EXPECT_EQ(failure(app(container("a", ended(1, "Error", "01")))), "a - 1 Error said");
  EXPECT_EQ(failure(app(container("a", ended(0, "Completed", "01")))), "");
  EXPECT_EQ(failure(app(container("a", runs, ended(137, "OOMKilled", "01")))),
            "a - 137 OOMKilled said");
  EXPECT_EQ(failure(app(container("a", loop, ended(137, "OOMKilled", "01")))),
            "a - 137 OOMKilled said")
      << "the cause, not the back-off";
  EXPECT_EQ(failure(app(container("a", loop, ended(0, "Completed", "01")))),
            "a - - CrashLoopBackOff back-off 10s");
  EXPECT_EQ(failure(app(container("a", runs, ended(1, "Error", "01")) + "," +
                        container("b", runs, ended(2, "Error", "03")) + "," +
                        container("c", runs, ended(3, "Error", "02")))),
            "b - 2 Error said")
      << "the latest";
  EXPECT_EQ(
      failure(app(container("a", pull) + "," + container("b", runs, ended(2, "Error", "03")))),
      "a - - ImagePullBackOff no such image")
      << "what fails now comes first";
  EXPECT_EQ(failure(app(container("a", starts)) + "," + init(container("i", pull))),
            "i init - ImagePullBackOff no such image");
  EXPECT_EQ(
      failure(app(container("a", pull)) + "," + init(container("i", ended(1, "Error", "01")))),
      "i init 1 Error said")
      << "in whichever order they come";
  EXPECT_EQ(failure(init(container("i", ended(0, "Completed", "02"), ended(1, "Error", "01")))),
            "i init 1 Error said");
}

TEST(FactsDecoder, ImagesAreReportedByDigestWithoutOurs) {
  const Padded text(
      R"({"metadata":{"name":"p","namespace":"n"},"status":{"containerStatuses":[
        {"name":"a","imageID":"docker.io/library/shop@sha256:aa","state":{"terminated":
          {"exitCode":1}}},
        {"name":"b","imageID":"sha256:bb"},{"name":"c","imageID":""},{"name":"d","imageID":7},
        {"name":"e","imageID":"shop:latest"},{"name":"f","imageID":"x@"}],
        "initContainerStatuses":[{"name":"profiling-agent-java","imageID":"x@sha256:cc"},
        {"name":"migrate","imageID":"x@sha256:dd"}]}})");
  FactsDecoder decoder;
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok());
  EXPECT_THAT(pod->images, testing::ElementsAre("sha256:aa", "sha256:bb", "sha256:dd"));
  EXPECT_EQ(pod->failure->image, "sha256:aa");
}

TEST(FactsDecoder, StatusesOfAnotherTypeCountAsAbsent) {
  for (const char* bad : {R"("containerStatuses":7)", R"("containerStatuses":{"name":"a"})",
                          R"("containerStatuses":[{"state":[],"lastState":"x"}])",
                          R"("containerStatuses":[{"state":{"terminated":{"exitCode":"1"}}}])",
                          R"("containerStatuses":[{"state":{"terminated":{"exitCode":1.5}}}])",
                          R"("containerStatuses":[{"state":{"waiting":{"reason":5}}}])",
                          R"("initContainerStatuses":[null])"}) {
    EXPECT_EQ(statuses(bad).failure, "") << bad;
    EXPECT_EQ(statuses(bad).restarts, 0) << bad;
  }
}

}  // namespace
}  // namespace profiling::inject
