#include "controllers/pods/pod_row.h"

#include <gtest/gtest.h>

#include "operator/base/time_text.h"

namespace profiling::controllers {
namespace {

TEST(PodRow, UidSurvivesARoundTrip) {
  const std::string text = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";
  const auto uid = uidOf(text);
  ASSERT_TRUE(uid.has_value());
  EXPECT_EQ(uidText(*uid), text);
}

TEST(PodRow, OtherTextIsNotEncodedAsAUuid) {
  for (const char* text :
       {"", "u1", "0A1B2C3D-4E5F-6789-ABCD-EF0123456789", "0a1b2c3d-4e5f-6789-abcd-ef012345678",
        "0a1b2c3d04e5f-6789-abcd-ef0123456789", "0a1b2c3d-4e5f-6789-abcd-ef01234567-9",
        "0a1b2c3d-4e5f-6789-abcd-ef0123456789a"}) {
    EXPECT_FALSE(uidOf(text).has_value()) << text;
  }
}

TEST(PodRow, FailureSurvivesARoundTrip) {
  inject::FailureView view;
  view.container = "profiling-agent-java";
  view.init = true;
  view.exit_code = -1;
  view.reason = "Error";
  view.message = "no space";
  view.image = "sha256:0123";
  const auto failure = failureOf(failureText(view));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->container, "profiling-agent-java");
  EXPECT_TRUE(failure->init);
  EXPECT_TRUE(failure->ours);
  EXPECT_EQ(failure->exit_code, -1);
  EXPECT_EQ(failure->reason, "Error");
  EXPECT_EQ(failure->message, "no space");
  EXPECT_EQ(failure->image, "sha256:0123");
  EXPECT_EQ(failureText(std::nullopt), "");
  EXPECT_FALSE(failureOf("").has_value());
}

TEST(PodRow, InitContainersWithOurPrefixAndSidecarsAreOurs) {
  inject::FailureView view;
  view.container = "profiling-agent-go";
  EXPECT_TRUE(failureOf(failureText(view))->ours) << "a sidecar where there are no native ones";
  view.container = "profiling-agent-java";
  EXPECT_FALSE(failureOf(failureText(view))->ours) << "no init container";
  EXPECT_FALSE(failureOf(failureText(view))->exit_code.has_value());
  view.init = true;
  view.container = "migrate";
  EXPECT_FALSE(failureOf(failureText(view))->ours);
}

TEST(PodRow, AMessageIsCutAndCannotForgeAnotherFailure) {
  inject::FailureView view;
  view.container = "app";
  view.reason = "Error\ninit";
  const std::string message = "a\nb\n" + std::string(5000, 'x');
  view.message = message;
  const auto failure = failureOf(failureText(view));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->reason, "Error init");
  EXPECT_TRUE(failure->message.starts_with("a b x"));
  EXPECT_LE(failure->message.size(), 256u);
}

TEST(PodRow, PodsOfAClassShareLabelsAndFlags) {
  const engine::Pod pod = podOf(
      {{"profiling.dev/profiled", "r1"}, {"controller-revision-hash", "db-5f"}}, inject::kPodReady);
  EXPECT_EQ(pod.revision, "r1");
  EXPECT_EQ(pod.template_hash, "db-5f");
  EXPECT_TRUE(pod.ready);
  EXPECT_FALSE(pod.deleting);
  EXPECT_EQ(podOf({{"rollouts-pod-template-hash", "x"}}, 0).template_hash, "x");
  EXPECT_EQ(podOf({}, inject::kPodDeleting).revision, "");
  EXPECT_TRUE(podOf({}, inject::kPodDeleting).deleting);
}

// Labels in the order in which the API server sends them: by key.
TEST(PodRow, APodWithThousandsOfLabelsKeepsTheirFirstAndItsRevision) {
  std::vector<std::string> keys;
  for (int i = 10'000; i < 14'000; ++i) keys.push_back("k" + std::to_string(i));
  inject::PodFacts pod;
  for (const std::string& key : keys) pod.labels.push_back({key, ""});
  pod.labels.push_back({"pod-template-hash", "77"});
  pod.labels.push_back({"profiling.dev/profiled", "abc"});
  const inject::PodFacts kept = bounded(pod);
  EXPECT_EQ(kept.labels.size(), kMaxLabels);
  EXPECT_EQ(api::PodView::find(kept.labels, "pod-template-hash"), "77");
  EXPECT_EQ(api::PodView::find(kept.labels, "profiling.dev/profiled"), "abc");
  EXPECT_EQ(api::PodView::find(kept.labels, "k10000"), "");

  const std::string value(63, 'v');
  pod.labels.clear();
  for (std::size_t i = 0; i < kMaxLabels; ++i) pod.labels.push_back({keys[i], value});
  EXPECT_LT(bounded(pod).labels.size(), kMaxLabels + 1);
  std::size_t bytes = 0;
  for (const auto& label : bounded(pod).labels) bytes += label.key.size() + label.value.size();
  EXPECT_LE(bytes, kMaxLabelBytes);
}

TEST(PodRow, TextsThatCannotBeValidAreCut) {
  const std::string large(256 * 1024, 'x');
  inject::PodFacts pod;
  pod.labels = {{"app", "web"}};
  pod.decision = pod.namespace_ = large;
  pod.inject = pod.policy = large;
  pod.owner = api::OwnerView{};
  pod.owner->name = large;
  const inject::PodFacts kept = bounded(pod);
  EXPECT_EQ(kept.labels.size(), 1u);
  EXPECT_EQ(kept.decision, "");
  EXPECT_LT(kept.inject->size() + kept.policy->size() + kept.owner->name.size(), 2'000u);
  EXPECT_GT(kept.inject->size(), 253u) << "still too long to be a name or languages";
}

}  // namespace
}  // namespace profiling::controllers
