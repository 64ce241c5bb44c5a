#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

TEST(Workload, KindsAndOwners) {
  const struct {
    const char *kind, *owner, *hash_label, *hash;
    const char *want_kind, *want_name;
  } cases[] = {
      {"ReplicaSet", "web-7d9c", "pod-template-hash", "7d9c", "Deployment", "web"},
      {"ReplicaSet", "a-b-7d9c", "pod-template-hash", "7d9c", "Deployment", "a-b"},
      {"ReplicaSet", "web-7d9c", "pod-template-hash", "other", "ReplicaSet", "web-7d9c"},
      {"ReplicaSet", "web-7d9c", "pod-template-hash", "", "ReplicaSet", "web-7d9c"},
      {"ReplicaSet", "7d9c", "pod-template-hash", "7d9c", "ReplicaSet", "7d9c"},
      {"ReplicaSet", "web7d9c", "pod-template-hash", "7d9c", "ReplicaSet", "web7d9c"},
      {"ReplicaSet", "pay-6d5f", "rollouts-pod-template-hash", "6d5f", "Rollout", "pay"},
      {"StatefulSet", "db", "controller-revision-hash", "db-1", "StatefulSet", "db"},
      {"DaemonSet", "log", "controller-revision-hash", "1", "DaemonSet", "log"},
      {"Job", "report-29384000", "x", "y", "CronJob", "report"},
      {"Job", "import", "x", "y", "Job", "import"},
      {"Job", "-29384000", "x", "y", "Job", "-29384000"},
      {"Job", "report-2938400", "x", "y", "Job", "report-2938400"},
      {"Job", "report-2938400a", "x", "y", "Job", "report-2938400a"},
      {"StrimziPodSet", "kafka", "x", "y", "StrimziPodSet", "kafka"},
  };
  for (const auto& c : cases) {
    api::PodView p = pod();
    label(p, c.hash_label, c.hash);
    p.owners.push_back({"v1", "Other", "other", "u", false});
    p.owners.push_back({"v1", c.kind, c.owner, "u", true});
    const Workload w = workloadOf(p);
    EXPECT_EQ(w.kind, c.want_kind) << c.owner;
    EXPECT_EQ(w.name, c.want_name) << c.owner;
  }
}

TEST(Workload, ABarePodIsItsOwnWorkload) {
  api::PodView p = pod();
  p.owners.push_back({"v1", "ReplicaSet", "x", "u", false});
  EXPECT_EQ(workloadOf(p).kind, "Pod");
  EXPECT_EQ(workloadOf(p).name, "web");
  p.name = "";
  p.generate_name = "web--";
  EXPECT_EQ(workloadOf(p).name, "web");
  p.generate_name = "";
  EXPECT_EQ(workloadOf(p).name, "");
}

TEST(Workload, TheTemplateHashComesFromALabel) {
  api::PodView p = pod();
  EXPECT_EQ(workloadOf(p).template_hash, "");
  label(p, "controller-revision-hash", "c");
  EXPECT_EQ(workloadOf(p).template_hash, "c");
  label(p, "pod-template-hash", "p");
  EXPECT_EQ(workloadOf(p).template_hash, "p");
}

}  // namespace
}  // namespace profiling::inject
