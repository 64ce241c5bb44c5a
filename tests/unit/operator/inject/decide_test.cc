#include "operator/inject/annotations.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Decision decideWith(const api::PodView& p, PolicyList policies,
                    std::optional<std::string_view> namespace_ = {}) {
  sortByPrecedence(policies);
  return decide(p, workloadOf(p), {"shop", namespace_}, policies, settings());
}

TEST(Precedence, PriorityThenAgeThenName) {
  const auto make = [](std::string name, std::int64_t priority, std::string created) {
    auto p = policy(std::move(name));
    p->policy.spec.priority = priority;
    p->policy.metadata.creation_timestamp = std::move(created);
    return p;
  };
  PolicyList list{make("d", 0, "2026-01-02T00:00:00Z"), make("b", 0, "2026-01-01T00:00:00Z"),
                  make("low", -5, "2020-01-01T00:00:00Z"), make("a", 0, "2026-01-02T00:00:00Z"),
                  make("high", 7, "2026-06-01T00:00:00Z")};
  sortByPrecedence(list);
  std::vector<std::string> names;
  for (const auto& p : list) names.push_back(p->policy.metadata.name);
  EXPECT_THAT(names, ElementsAre("high", "b", "a", "d", "low"));
}

TEST(Precedence, AtEqualPriorityTheNamespacesPolicyComesBeforeTheClusters) {
  auto old = clusterPolicy("old"), best = clusterPolicy("best"), own = policy("own");
  old->policy.metadata.creation_timestamp = "2020-01-01T00:00:00Z";
  own->policy.metadata.creation_timestamp = "2026-01-01T00:00:00Z";
  best->policy.spec.priority = 1;
  PolicyList list{old, own, best};
  sortByPrecedence(list);
  EXPECT_THAT(list, ElementsAre(best, own, old));
}

TEST(Decide, AClusterPolicyAppliesWhereTheNamespaceHasNoneThatSelectsThePod) {
  auto own = policy("own");
  own->policy.spec.selector.match_labels = {{"app", "web"}};
  const auto all = clusterPolicy("all");
  api::PodView p = pod();
  const Decision d = decideWith(p, {own, all});
  EXPECT_EQ(d.wanted(), all);
  EXPECT_EQ(d.policyName(), "all");
  EXPECT_TRUE(d.byClusterPolicy());
  label(p, "app", "web");
  EXPECT_EQ(decideWith(p, {own, all}).wanted(), own);
  EXPECT_FALSE(decideWith(p, {own, all}).byClusterPolicy());
  p.namespace_ = "kube-system";
  EXPECT_EQ(decideWith(p, {all}).reason, Reason::kNamespaceExcluded);
}

TEST(Decide, ANamespaceWithTheLabelIsExcludedWhateverThePodAsksFor) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java");
  const api::NamespaceView left_out{"shop", {}, true, true};
  EXPECT_EQ(decide(p, workloadOf(p), left_out, {policy()}, settings()).reason,
            Reason::kNamespaceExcluded);
  Settings configured = settings();
  configured.excluded_namespaces.emplace_back("shop");
  EXPECT_EQ(decide(p, workloadOf(p), {"shop", {}}, {policy()}, configured).reason,
            Reason::kNamespaceExcluded);
}

TEST(Decide, AnObservingPolicyTakesPartInPrecedenceWithoutWarnings) {
  auto observes = policy("observes");
  observes->policy.spec.mode = api::PolicyMode::kObserve;
  observes->policy.spec.priority = 1;
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "java,cobol");
  const Decision d = decideWith(p, {policy("enforces"), observes});
  EXPECT_EQ(d.wanted(), observes);
  EXPECT_EQ(d.reason, Reason::kInjected);
  EXPECT_EQ(d.mode(), api::PolicyMode::kObserve);
  EXPECT_THAT(d.warnings, IsEmpty());
  EXPECT_EQ(decideWith(p, {policy("enforces")}).mode(), api::PolicyMode::kEnforce);
}

// Somebody who may only annotate pods must not choose among the administrator's policies.
TEST(Decide, AClusterPolicyCannotBeNamed) {
  api::PodView p = pod();
  annotate(p, api::kPolicyKey, "all");
  EXPECT_EQ(decideWith(p, {clusterPolicy("all")}).reason, Reason::kUnknownPolicy);
  const auto own = policy("all");
  EXPECT_EQ(decideWith(p, {clusterPolicy("all"), own}).wanted(), own);
}

TEST(Decide, ANamespaceThatWasNotSeenYetIsRefused) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "true");
  const Decision d = decide(p, workloadOf(p), {"shop", {}, false}, {}, settings());
  EXPECT_EQ(d.reason, Reason::kUnknownNamespace);
  EXPECT_TRUE(d.opted_in);
  EXPECT_EQ(d.wanted(), nullptr);
}

TEST(Decide, AnnotationsOfPodAndNamespace) {
  using Activation = api::Activation;
  constexpr std::optional<std::string_view> kNone;
  const struct {
    std::optional<std::string_view> pod, namespace_;
    Activation activation;
    Reason reason;
    bool opted_in;
  } cases[] = {
      {kNone, kNone, Activation::kSelected, Reason::kInjected, false},
      {kNone, kNone, Activation::kAnnotated, Reason::kNotOptedIn, false},
      {"true", kNone, Activation::kAnnotated, Reason::kInjected, true},
      {"java", kNone, Activation::kAnnotated, Reason::kInjected, true},
      {kNone, "true", Activation::kAnnotated, Reason::kInjected, false},
      {kNone, "node", Activation::kAnnotated, Reason::kInjected, false},
      {"false", kNone, Activation::kSelected, Reason::kOptedOut, false},
      {"false", "true", Activation::kSelected, Reason::kOptedOut, false},
      {kNone, "false", Activation::kSelected, Reason::kOptedOut, false},
      {"true", "false", Activation::kSelected, Reason::kOptedOut, true},
      // What is wrong is as good as absent.
      {"yes", kNone, Activation::kAnnotated, Reason::kNotOptedIn, false},
      {"yes", kNone, Activation::kSelected, Reason::kInjected, false},
      {"True", "true", Activation::kAnnotated, Reason::kInjected, false},
      {"", kNone, Activation::kAnnotated, Reason::kNotOptedIn, false},
  };
  for (const auto& c : cases) {
    api::PodView p = pod();
    if (c.pod) annotate(p, api::kInjectKey, *c.pod);
    auto one = policy();
    one->policy.spec.activation = c.activation;
    const Decision d = decideWith(p, {one}, c.namespace_);
    EXPECT_EQ(reasonName(d.reason), reasonName(c.reason))
        << c.pod.value_or("-") << " in " << c.namespace_.value_or("-");
    EXPECT_EQ(d.opted_in, c.opted_in) << c.pod.value_or("-");
    EXPECT_EQ(d.wanted() != nullptr, c.reason == Reason::kInjected);
  }
}

TEST(Decide, ThePodsLanguagesReplaceThoseOfItsNamespace) {
  api::PodView p = pod();
  EXPECT_THAT(decideWith(p, {policy()}, "java,python").annotated_languages,
              ElementsAre(api::Language::kJava, api::Language::kPython));
  annotate(p, api::kInjectKey, "nodejs");
  EXPECT_THAT(decideWith(p, {policy()}, "java,python").annotated_languages,
              ElementsAre(api::Language::kNodeJS));
}

TEST(Decide, PodsThatAreNeverTouched) {
  api::PodView p = pod();
  annotate(p, api::kInjectKey, "true");
  const auto reasonOf = [](const api::PodView& view) {
    const Decision d = decideWith(view, {policy()});
    EXPECT_EQ(d.wanted(), nullptr);
    return std::string(reasonName(d.reason));
  };
  for (const char* excluded :
       {"kube-system", "kube-public", "kube-node-lease", "profiling-system"}) {
    p.namespace_ = excluded;
    EXPECT_EQ(reasonOf(p), "NamespaceExcluded") << excluded;
  }
  p.namespace_ = "shop";
  p.priority_class = "system-node-critical";
  EXPECT_EQ(reasonOf(p), "CriticalPod");
  p.priority_class = "system-cluster-critical";
  EXPECT_EQ(reasonOf(p), "CriticalPod");
  p.priority_class = "high";
  annotate(p, "kubernetes.io/config.mirror", "x");
  EXPECT_EQ(reasonOf(p), "StaticPod");
}

TEST(Decide, AnEmptyOperatorNamespaceExcludesNothing) {
  Settings s = settings();
  s.operator_namespace.clear();
  api::PodView p = pod();
  p.namespace_ = "";
  EXPECT_EQ(decide(p, workloadOf(p), {"", {}}, {policy()}, s).reason, Reason::kInjected);
}

TEST(Decide, APolicyByNameReplacesSelectorAndPrecedence) {
  auto best = policy("best"), named = policy("named");
  best->policy.spec.priority = 10;
  named->policy.spec.selector.match_labels = {{"app", "other"}};
  api::PodView p = pod();
  EXPECT_EQ(decideWith(p, {named, best}).policyName(), "best");
  annotate(p, api::kPolicyKey, "named");
  EXPECT_EQ(decideWith(p, {named, best}).wanted(), named);
  p.annotations[0].value = "gone";
  const Decision gone = decideWith(p, {named, best});
  EXPECT_EQ(gone.reason, Reason::kUnknownPolicy);
  EXPECT_EQ(gone.policyName(), "gone");
  for (const char* invalid : {"", "A", "a/b", "-a", "a..b", "a b"}) {
    p.annotations[0].value = invalid;
    const Decision d = decideWith(p, {named, best});
    EXPECT_EQ(d.wanted(), best) << invalid;
    ASSERT_EQ(d.warnings.size(), 1U) << invalid;
    EXPECT_THAT(d.warnings[0].text, HasSubstr("profiling.dev/policy"));
  }
}

TEST(Decide, ANamedPolicyStillNeedsItsActivationAnnotation) {
  auto one = policy();
  one->policy.spec.activation = api::Activation::kAnnotated;
  api::PodView p = pod();
  annotate(p, api::kPolicyKey, "shop");
  EXPECT_EQ(decideWith(p, {one}).reason, Reason::kNotOptedIn);
}

TEST(Decide, SelectorsAndWorkloadKinds) {
  auto one = policy();
  one->policy.spec.selector.match_labels = {{"app", "web"}};
  one->policy.spec.workload_kinds = {"Deployment", "CronJob"};
  api::PodView p = pod();
  label(p, "app", "web");
  label(p, "pod-template-hash", "5d");
  EXPECT_EQ(decideWith(p, {one}).reason, Reason::kNoPolicy);  // a bare pod
  p.owners.push_back({"apps/v1", "ReplicaSet", "web-5d", "u", true});
  EXPECT_EQ(decideWith(p, {one}).reason, Reason::kInjected);
  p.labels[0].value = "api";
  EXPECT_EQ(decideWith(p, {one}).reason, Reason::kNoPolicy);
  EXPECT_EQ(decideWith(p, {one, policy("rest")}).policyName(), "rest");
}

TEST(Decide, AMissingServerRefusesUnderThePolicysName) {
  auto one = policy();
  one->server_url.clear();
  const Decision d = decideWith(pod(), {one});
  EXPECT_EQ(d.reason, Reason::kServerUnavailable);
  EXPECT_EQ(d.wanted(), nullptr);
  EXPECT_EQ(d.policyName(), "shop");
}

TEST(InjectAnnotation, Grammar) {
  using Kind = InjectValue::Kind;
  const std::string long_list = "java," + std::string(kMaxInjectBytes, ' ');
  const struct {
    std::string_view text;
    Kind kind;
    std::size_t languages, warnings;
  } cases[] = {
      {"true", Kind::kYes, 0, 0},
      {"false", Kind::kNo, 0, 0},
      {"java", Kind::kLanguages, 1, 0},
      {"java,python,node", Kind::kLanguages, 3, 0},
      {"dotnet,ruby", Kind::kLanguages, 2, 0},
      {" java , nodejs,node", Kind::kLanguages, 2, 0},
      {"java,cobol", Kind::kLanguages, 1, 1},
      {"cobol", Kind::kInvalid, 0, 1},
      {"TRUE", Kind::kInvalid, 0, 1},
      {" true", Kind::kInvalid, 0, 1},
      {"", Kind::kInvalid, 0, 1},
      {",", Kind::kInvalid, 0, 1},
      {std::string_view("java\0", 5), Kind::kInvalid, 0, 1},
      {"\xE2\x80\x8Bjava", Kind::kInvalid, 0, 1},  // zero-width space
      {long_list, Kind::kInvalid, 0, 1},
  };
  for (const auto& c : cases) {
    std::vector<Warning> warnings;
    const InjectValue value = parseInject(c.text, "pod", warnings);
    EXPECT_EQ(value.kind, c.kind) << c.text;
    EXPECT_EQ(value.languages.size(), c.languages) << c.text;
    ASSERT_EQ(warnings.size(), c.warnings) << c.text;
    if (!warnings.empty()) {
      EXPECT_LE(warnings[0].text.size(), 240U);
      EXPECT_THAT(warnings[0].text, HasSubstr("pod profiling.dev/inject"));
    }
  }
  std::vector<Warning> warnings;
  EXPECT_EQ(parseInject(std::nullopt, "pod", warnings).kind, Kind::kAbsent);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(ContainersAnnotation, Grammar) {
  std::string many;
  for (int i = 0; i < 70; ++i) many += "c" + std::to_string(i) + ",";
  const std::string huge(kMaxContainersBytes + 1, 'a');
  const struct {
    std::string_view text;
    bool given, all;
    std::size_t names, excluded, warnings;
  } cases[] = {
      {"app", true, false, 1, 0, 0},  {"app, worker", true, false, 2, 0, 0},
      {"*", true, true, 0, 0, 0},     {"*,!a", true, true, 0, 1, 0},
      {"!a,!b", true, true, 0, 2, 0}, {"a,!b", true, false, 1, 1, 0},
      {"", false, false, 0, 0, 1},    {"!", false, false, 0, 0, 1},
      {"!*", false, false, 0, 0, 1},  {"App", false, false, 0, 0, 1},
      {"a,B", true, false, 1, 0, 1},  {"a.b", false, false, 0, 0, 1},
      {many, true, false, 64, 0, 1},  {huge, false, false, 0, 0, 1},
  };
  for (const auto& c : cases) {
    std::vector<Warning> warnings;
    const ContainerSelection s = parseContainers(c.text, warnings);
    EXPECT_EQ(s.given, c.given) << c.text;
    EXPECT_EQ(s.all, c.all) << c.text;
    EXPECT_EQ(s.names.size(), c.names) << c.text;
    EXPECT_EQ(s.excluded.size(), c.excluded) << c.text;
    ASSERT_EQ(warnings.size(), c.warnings) << c.text;
    if (!warnings.empty()) {
      EXPECT_LE(warnings[0].text.size(), 240U);
    }
  }
}

TEST(Reasons, EachHasANameAndARemedy) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    names.insert(reasonName(static_cast<Reason>(i)));
    EXPECT_THAT(std::string(remedyText(static_cast<Reason>(i))), ::testing::EndsWith("."));
  }
  EXPECT_EQ(names.size(), kReasonCount);
  EXPECT_EQ(reasonName(Reason::kEnvFromSecretAssumed), "EnvFromSecretAssumed");
  EXPECT_EQ(reasonName(Reason::kUnknownNamespace), "UnknownNamespace");
  EXPECT_EQ(reasonName(Reason::kInternalError), "InternalError");
}

}  // namespace
}  // namespace profiling::inject
