#include "controllers/pods/pod_decoder.h"

#include <gtest/gtest.h>

#include "controllers/pods/pod_sink.h"
#include "operator/kube/decode.h"

namespace profiling::controllers {
namespace {

// The text with the padding that a reflector gives.
class Padded {
 public:
  explicit Padded(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.resize(size_ + kube::kObjectPadding);
  }
  std::string_view view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string text_;
};

constexpr const char* kPod = R"({"metadata":{"name":"web-1","namespace":"shop",
  "labels":{"app":"web","pod-template-hash":"6f7d8"},
  "annotations":{"profiling.dev/inject":"true","profiling.dev/policy":"mine",
    "profiling.dev/decision":"{\"action\":\"injected\"}","other":"x"},
  "ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u0"},
    {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6f7d8","uid":"u1","controller":true}]},
  "spec":{"priorityClassName":"system-cluster-critical","containers":[{"name":"app"}]},
  "status":{"phase":"Running","conditions":[{"type":"Initialized","status":"True"},
    {"type":"Ready","status":"True"}]}})";

TEST(PodDecoder, ReadsWhatIsKept) {
  PodDecoder decoder;
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

TEST(PodDecoder, TellsStatesApart) {
  PodDecoder decoder;
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

TEST(PodDecoder, FieldsOfAnotherTypeCountAsAbsent) {
  PodDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n","labels":[],"annotations":7,
    "ownerReferences":{"kind":"x"}},"spec":[],"status":{"phase":1,"conditions":{}}})");
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok()) << pod.status().toString();
  EXPECT_TRUE(pod->labels.empty());
  EXPECT_FALSE(pod->inject || pod->policy || pod->owner);
  EXPECT_EQ(pod->flags, 0);
}

TEST(PodDecoder, RefusesWhatIsNoPod) {
  PodDecoder decoder;
  for (const char* bad : {"", "{", "[]", "{}", R"({"metadata":{"name":"p"}})",
                          R"({"metadata":{"namespace":"n"}})", R"({"metadata":null})"}) {
    const Padded text(bad);
    EXPECT_FALSE(decoder.decode(text.view()).ok()) << bad;
  }
}

TEST(PodDecoder, ALongAnnotationIsNotKept) {
  PodDecoder decoder;
  const Padded text(R"({"metadata":{"name":"p","namespace":"n","annotations":{
    "profiling.dev/inject":")" +
                    std::string(5000, 'x') + R"(","profiling.dev/decision":")" +
                    std::string(5000, 'y') + R"("}}})");
  const auto pod = decoder.decode(text.view());
  ASSERT_TRUE(pod.ok());
  EXPECT_LE(pod->inject->size(), 512u);
  EXPECT_TRUE(pod->decision.empty());
}

TEST(PodSink, TellsEachChangedGroupOnce) {
  PodTable table;
  std::vector<std::pair<std::string, bool>> told;
  const auto sink = makePodSink(
      table, [&](const std::string& group, bool bulk) { told.emplace_back(group, bulk); });
  const Padded text(kPod);
  sink->beginList();
  ASSERT_TRUE(sink->listed(text.view()).ok());
  EXPECT_TRUE(told.empty()) << "not before the list is complete";
  EXPECT_FALSE(table.synced());
  sink->commitList();
  EXPECT_TRUE(table.synced());
  EXPECT_EQ(told, (std::vector<std::pair<std::string, bool>>{{"shop/Deployment/web", true}}));
  EXPECT_EQ(sink->stored(), 1u);
  told.clear();
  sink->erase("shop/web-1");
  sink->flush();
  EXPECT_EQ(told, (std::vector<std::pair<std::string, bool>>{{"shop/Deployment/web", false}}));
  const Padded rubbish("{}");
  EXPECT_FALSE(sink->upsert(rubbish.view()).ok());
}

}  // namespace
}  // namespace profiling::controllers
