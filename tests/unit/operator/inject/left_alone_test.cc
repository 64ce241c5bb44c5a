// What an admission writes into pods whose owner or agent image had trouble before.
#include <nlohmann/json.hpp>

#include "operator/inject/breakers.h"
#include "operator/inject/decision_json.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using nlohmann::json;

struct Trouble final : Breakers {
  explicit Trouble(Refused refused, bool no_image = false) : owner(refused), image(no_image) {}
  Refused refused(std::string_view, std::string_view, std::string_view) override { return owner; }
  bool unpullable(std::string_view, std::string_view) const override { return image; }
  const Refused owner;
  const bool image;
};

PodOutcome admit(Trouble& trouble, api::PodView p = pod()) {
  p.owners.push_back({"apps/v1", "ReplicaSet", "web-1", "u1", true});
  auto e = policy();
  e->policy.spec.languages = {api::Language::kPython};
  Snapshot snapshot;
  snapshot.namespaces["shop"].policies = {e};
  Given source(std::move(p));
  api::PodView view;
  view.namespace_ = "shop";
  const auto outcome =
      decidePod(source, view, false, snapshot, settings(), nullptr, nullptr, &trouble);
  EXPECT_TRUE(outcome.ok());
  return *outcome;
}

// The answer that the patch writes, where it writes nothing else.
std::string onlyAnswer(const PodOutcome& outcome) {
  const json patch = json::parse(outcome.patch);
  if (patch.size() != 1 || patch[0]["path"] != "/metadata/annotations") return outcome.patch;
  return answerIn(patch[0]["value"].at(std::string(api::kDecisionKey)).get<std::string>());
}

TEST(LeftAlone, WithoutTroubleThePodGetsItsAgent) {
  Trouble none(Refused::kNo);
  EXPECT_EQ(admit(none).reason, Reason::kInjected);
}

TEST(LeftAlone, APodOfARefusedOwnerGetsTheAnswerAndNothingElse) {
  Trouble trouble(Refused::kWithAgent);
  const PodOutcome outcome = admit(trouble);
  EXPECT_EQ(outcome.reason, Reason::kPodRefused);
  EXPECT_EQ(onlyAnswer(outcome), "PodRefused");
}

TEST(LeftAlone, WherePodsAreRefusedEvenSoNothingIsWritten) {
  Trouble trouble(Refused::kWithoutAgent);
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "true");
  const PodOutcome outcome = admit(trouble, p);
  EXPECT_EQ(outcome.reason, Reason::kPodRefused);
  EXPECT_EQ(outcome.patch, "");
}

TEST(LeftAlone, APodWhoseAgentImageCannotBePulledGetsTheAnswerAndNothingElse) {
  Trouble trouble(Refused::kNo, true);
  const PodOutcome outcome = admit(trouble);
  EXPECT_EQ(outcome.reason, Reason::kAgentImageUnavailable);
  EXPECT_EQ(onlyAnswer(outcome), "AgentImageUnavailable");
}

}  // namespace
}  // namespace profiling::inject
