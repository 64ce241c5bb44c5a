#include "operator/inject/pod_reading.h"

#include "operator/inject/fact_log.h"
#include "operator/inject/names.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PodOutcome admit(api::PodView p, const std::vector<api::Language>& languages) {
  auto e = policy();
  e->policy.spec.languages = languages;
  Snapshot snapshot;
  snapshot.namespaces["shop"].policies = {e};
  Given source(std::move(p));
  api::PodView view;
  view.namespace_ = "shop";
  const auto outcome = decidePod(source, view, false, snapshot, settings(), nullptr);
  EXPECT_TRUE(outcome.ok());
  return *outcome;
}

api::PodView withAgents() {
  api::PodView p = pod();
  api::ContainerView init = container("profiling-agent-java");
  init.image = "registry/agent-java:1";
  init.is_init = true;
  init.mounts.push_back({kVolumeName, kMountPath, "", false});
  p.init_containers.push_back(init);
  api::ContainerView sidecar = container("profiling-agent-go");
  sidecar.image = "registry/agent-go@sha256:77";
  sidecar.index = 1;
  setEnv(sidecar, kPprofPortEnv, "8081");
  setEnv(sidecar, kLabelsEnv, "namespace=shop,container=app");
  p.containers.push_back(sidecar);
  label(p, api::kProfiledKey, "0123456789");
  return p;
}

#ifndef NDEBUG  // builds with assertions keep the log
TEST(PodReading, AnAdmissionWorksOutEachFactOnce) {
  api::PodView two = pod();
  two.containers.push_back(container("worker"));
  two.containers[1].index = 1;
  annotate(two, api::kContainersKey, "*");
  annotate(two, api::kPprofPortKey, "6060");
  api::PodView critical = pod();
  critical.priority_class = "batch";
  for (const api::PodView& p : {pod(), two, critical, withAgents()}) {
    for (const std::vector<api::Language>& languages :
         {std::vector<api::Language>{}, {api::Language::kJava, api::Language::kGo}}) {
      const FactLog log;
      EXPECT_FALSE(admit(p, languages).plan.decisions.empty());
      EXPECT_GE(log.size(), 9U) << "the log misses facts";
      EXPECT_THAT(log.repeated(), IsEmpty());
    }
  }
}

TEST(PodReading, TheLogShowsAFactThatIsWorkedOutTwice) {
  const api::PodView p = pod();
  const FactLog log;
  const Workload workload = workloadOf(p);
  const PodReading reading(p, workload, OwnImages(p, settings(), nullptr));
  EXPECT_THAT(log.repeated(), IsEmpty());
  EXPECT_EQ(ContainerEnv(p.containers[0]).find("PATH"), nullptr);
  EXPECT_THAT(log.repeated(), ElementsAre(Fact::kContainerEnv));
  EXPECT_EQ(workloadOf(p).name, workload.name);
  EXPECT_THAT(log.repeated(), ElementsAre(Fact::kWorkload, Fact::kContainerEnv));
}
#endif

TEST(PodReading, RecognisesThePartsOfAnEarlierPass) {
  const api::PodView p = withAgents();
  const Settings s = settings();
  const PodReading reading(p, workloadOf(p), OwnImages(p, s, nullptr));
  EXPECT_EQ(reading.ownInitContainer(api::Language::kJava), &p.init_containers[0]);
  EXPECT_EQ(reading.ownInitContainer(api::Language::kPython), nullptr);
  ASSERT_TRUE(reading.sidecar.has_value());
  EXPECT_EQ(reading.sidecar->container, &p.containers[1]);
  EXPECT_EQ(reading.sidecar->target, "app");
  EXPECT_EQ(reading.sidecar->port, "8081");
  EXPECT_EQ(reading.carriedRevision(), "0123456789");
}

TEST(PodReading, NamesAloneAreNoPartsOfOurs) {
  api::PodView p = withAgents();
  p.init_containers[0].mounts[0].read_only = true;
  p.containers[1].env.clear();
  const Settings s = settings();
  const PodReading reading(p, workloadOf(p), OwnImages(p, s, nullptr));
  EXPECT_EQ(reading.ownInitContainer(api::Language::kJava), nullptr);
  EXPECT_FALSE(reading.sidecar.has_value());
  EXPECT_FALSE(reading.carriedRevision().has_value());
}

// A pod's owner may name a container as ours are named.
TEST(PodReading, AContainerOfOurNameWithAnotherImageIsNotOurs) {
  api::PodView p = withAgents();
  p.init_containers[0].image = "evil/agent-java:1";
  p.containers[1].image = "registry/agent-go-2:1";
  const Settings s = settings();
  const PodReading reading(p, workloadOf(p), OwnImages(p, s, nullptr));
  EXPECT_EQ(reading.ownInitContainer(api::Language::kJava), nullptr);
  EXPECT_FALSE(reading.sidecar.has_value());
  EXPECT_EQ(reading.carriedRevision(), std::nullopt);
  p.containers.pop_back();
  EXPECT_EQ(admit(p, {api::Language::kJava}).reason, Reason::kNameConflict);
}

// After an upgrade the administrator's registry may be another one.
TEST(PodReading, TheImagesOfTheRecordedRevisionAreOurs) {
  api::PodView p = withAgents();
  p.init_containers[0].image = "old.registry/agent-java:1";
  auto older = policy();
  older->agents[static_cast<std::size_t>(api::Language::kJava)].image = "old.registry/agent-java:0";
  auto now = policy();
  const Settings s = settings();
  const auto ours = [&] {
    const PodReading reading(p, workloadOf(p), OwnImages(p, s, now.get()));
    return reading.ownInitContainer(api::Language::kJava) != nullptr;
  };
  EXPECT_FALSE(ours());
  now->revisions = {older};
  EXPECT_TRUE(ours());
  p.labels[0].value = "another";
  EXPECT_FALSE(ours());
}

}  // namespace
}  // namespace profiling::inject
