#include "operator/inject/placement/placement.h"

#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

api::PodView requiring(std::vector<api::NodeTermView> terms) {
  api::PodView p = pod();
  p.node_terms = std::move(terms);
  return p;
}
api::NodeTermView term(std::string_view key, std::string_view op,
                       std::vector<std::string_view> values = {}) {
  return {{{key, op, std::move(values)}}, {}};
}
constexpr std::string_view kArch = "kubernetes.io/arch", kOs = "kubernetes.io/os";

TEST(Placement, WithoutNodesAmd64IsThere) {
  EXPECT_THAT(architecturesOf(pod(), nullptr), ElementsAre("amd64"));
}

TEST(Placement, APodMayStartOnEveryPlatformOfTheCluster) {
  const NodeClasses mixed{{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}};
  EXPECT_THAT(architecturesOf(pod(), &mixed), UnorderedElementsAre("amd64", "arm64"));
  EXPECT_THAT(architecturesOf(requiring({term(kArch, "In", {"amd64"})}), &mixed),
              ElementsAre("amd64"));
  EXPECT_THAT(architecturesOf(requiring({term(kArch, "NotIn", {"arm64"})}), &mixed),
              ElementsAre("amd64"));
  EXPECT_THAT(
      architecturesOf(requiring({term("beta.kubernetes.io/arch", "NotIn", {"amd64"})}), &mixed),
      ElementsAre("arm64"));
  EXPECT_THAT(
      architecturesOf(requiring({term(kArch, "Exists"), term("zone", "In", {"a"})}), &mixed),
      UnorderedElementsAre("amd64", "arm64"));
  api::PodView pinned = pod();
  pinned.node_selector = {{"kubernetes.io/arch", "amd64"}};
  EXPECT_THAT(architecturesOf(pinned, &mixed), ElementsAre("amd64"));
}

TEST(Placement, WhatThePodNamesMayComeLater) {
  EXPECT_THAT(architecturesOf(requiring({term(kArch, "In", {"amd64", "arm64"})}), nullptr),
              UnorderedElementsAre("amd64", "arm64"));
  api::PodView tolerates = pod();
  tolerates.tolerations = {{kArch, "Equal", "arm64"}};
  EXPECT_THAT(architecturesOf(tolerates, nullptr), UnorderedElementsAre("amd64", "arm64"));
}

// Terms are alternatives, the requirements of one term are not.
TEST(Placement, TermsAreAlternatives) {
  const auto both = requiring({term(kArch, "In", {"arm64"}), term(kArch, "In", {"amd64"})});
  EXPECT_THAT(architecturesOf(both, nullptr), UnorderedElementsAre("amd64", "arm64"));
  api::NodeTermView never = term(kArch, "In", {"arm64"});
  never.labels.push_back({kArch, "In", {"amd64"}});
  EXPECT_THAT(architecturesOf(requiring({never}), nullptr), IsEmpty());
  EXPECT_THAT(architecturesOf(requiring({term(kArch, "DoesNotExist")}), nullptr), IsEmpty());
}

TEST(Placement, WindowsIsSeenByEveryRoad) {
  std::vector<api::PodView> pods(6, pod());
  pods[0].os_name = "windows";
  pods[1].node_selector = {{"beta.kubernetes.io/os", "windows"}};
  pods[2] = requiring({term(kOs, "In", {"linux", "windows"})});
  pods[3].tolerations = {{"os", "Equal", "windows"}};
  pods[4].runtime_class = "windows-2019";
  pods[5].windows_options = true;
  pods.push_back(requiring({term(kOs, "NotIn", {"linux"})}));
  for (const api::PodView& p : pods) EXPECT_EQ(placementProblem(p), Reason::kUnsupportedOS);
  EXPECT_EQ(placementProblem(requiring({term(kOs, "In", {"linux"})})), std::nullopt);
  EXPECT_EQ(placementProblem(requiring({term(kOs, "NotIn", {"windows"})})), std::nullopt);
  EXPECT_EQ(placementProblem(requiring({term(kArch, "NotIn", {"amd64"})})), std::nullopt);
}

TEST(Placement, VirtualNodesAndWebAssemblyRunNoAgent) {
  std::vector<api::PodView> pods(6, pod());
  pods[0].node_name = "virtual-node-aci-linux";
  pods[1].node_selector = {{"type", "virtual-kubelet"}};
  pods[2] = requiring({term("type", "In", {"virtual-kubelet"})});
  pods[3].tolerations = {{"virtual-kubelet.io/provider", "Exists", ""}};
  pods[4].tolerations = {{"azure.com/aci", "", ""}};
  pods[5].runtime_class = "wasmtime-spin-v2";
  for (const api::PodView& p : pods) EXPECT_EQ(placementProblem(p), Reason::kUnsupportedNode);
  for (const char* runtime_class : {"gvisor", "kata-qemu", "runc", "nvidia", ""}) {
    api::PodView p = pod();
    p.runtime_class = runtime_class;
    EXPECT_EQ(placementProblem(p), std::nullopt) << runtime_class;
  }
  api::PodView daemon = requiring({term("type", "NotIn", {"virtual-kubelet"})});
  daemon.tolerations = {{"", "Exists", ""}};
  EXPECT_EQ(placementProblem(daemon), std::nullopt);
}

}  // namespace
}  // namespace profiling::inject
