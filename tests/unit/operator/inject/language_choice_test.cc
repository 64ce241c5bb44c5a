// Which languages a container gets where nothing names them, and which pod finds out.
#include "operator/inject/languages/language_choice.h"

#include "operator/inject/languages/detect.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using api::DetectedLanguages;
using api::Language;

constexpr const char* kUnknownImage = "example/app:1";

ContainerDecision choice(const api::PodView& p, std::vector<DetectedLanguages> detected = {},
                         bool finds_language = true) {
  const Decision decision = decideFor(p, {policy()});
  const PodReading reading(
      p, workloadOf(p), OwnImages(p, settings(), nullptr),
      std::make_shared<const KnownOfWorkload>(KnownOfWorkload{std::move(detected), {}}));
  Assigned assigned = assignedAsDecided(decision);
  assigned.finds_language = finds_language;
  return planInjection(decision, assigned, reading, settings()).decisions.at(0);
}

std::string text(const ContainerDecision& d) {
  std::string out;
  for (const Language l : d.languages) {
    out += (out.empty() ? "" : ",") + std::string(api::languageToken(l));
  }
  return out.empty() ? std::string(reasonName(d.reason)) : out;
}

api::PodView podOf(std::string_view image) {
  api::PodView p = pod();
  p.containers[0].image = image;
  return p;
}

DetectedLanguages silent(const char* image, std::vector<Language> languages, bool crashed = false) {
  return {"app", imageHash(image), {}, std::move(languages), crashed, imageVersionHash(image)};
}

TEST(LanguageChoice, WithoutAHintOnePodFindsOut) {
  const ContainerDecision finder = choice(podOf(kUnknownImage));
  EXPECT_EQ(text(finder), "java,python,node");
  EXPECT_TRUE(finder.finds_language);
  EXPECT_EQ(finder.guess, imageHash(kUnknownImage));
  EXPECT_EQ(text(choice(podOf(kUnknownImage), {}, false)), "AwaitingLanguage");
}

TEST(LanguageChoice, AHintDoesNotWaitForAnotherPodAndCanBeCorrected) {
  const ContainerDecision d = choice(podOf("example/python-app:1"), {}, false);
  EXPECT_EQ(text(d), "python");
  EXPECT_FALSE(d.finds_language);
  EXPECT_FALSE(d.guess.empty());
  const char* image = "example/python-app:1";
  EXPECT_EQ(text(choice(podOf(image), {{"app", imageHash(image), {Language::kJava}}})), "java")
      << "what arrived";
  EXPECT_EQ(text(choice(podOf(image), {silent(image, {Language::kPython})})), "java,node")
      << "nothing arrived from the hinted one";
}

TEST(LanguageChoice, ACommandIsCertain) {
  api::PodView p = podOf(kUnknownImage);
  p.containers[0].command = {"java", "-jar", "x"};
  const ContainerDecision d =
      choice(p, {{"app", imageHash(kUnknownImage), {Language::kPython}}}, false);
  EXPECT_EQ(text(d), "java");
  EXPECT_TRUE(d.guess.empty());
}

TEST(LanguageChoice, SilenceAndCrashesCountForTheirVersionOfTheImage) {
  const std::vector<Language> all = {Language::kJava, Language::kPython, Language::kNodeJS};
  EXPECT_EQ(text(choice(podOf(kUnknownImage), {silent(kUnknownImage, all)})), "NothingToProfile");
  EXPECT_EQ(text(choice(podOf(kUnknownImage), {silent(kUnknownImage, all, true)})), "GuessCrashed");
  EXPECT_EQ(text(choice(podOf("example/app:2"), {silent(kUnknownImage, all, true)})),
            "java,python,node");
}

TEST(LanguageChoice, AKnownImageWithoutAnAgentGetsNone) {
  EXPECT_EQ(text(choice(podOf("redis:7"))), "NothingToProfile");
  EXPECT_EQ(text(choice(podOf("prom/prometheus:v3"))), "NoPprofPort");
  api::PodView named = podOf("redis:7");
  annotate(named, api::kInjectKey, "python");
  EXPECT_EQ(text(choice(named)), "python") << "the annotation overrules the table";
}

TEST(LanguageChoice, AServedPprofPortEndsTheGuess) {
  api::PodView p = podOf(kUnknownImage);
  annotate(p, api::kPprofPortKey, "6060");
  EXPECT_EQ(text(choice(p, {}, false)), "go");
}

TEST(LanguageChoice, AStatedVariableOfTheImageIsAHint) {
  api::PodView p = podOf(kUnknownImage);
  annotate(p, "profiling.dev/image-env.PYTHONPATH", "/srv/lib");
  EXPECT_EQ(text(choice(p)), "python");
}

TEST(LanguageChoice, TheDecisionNamesVariablesThatMayReplaceTheImages) {
  api::PodView p = podOf("example/python-app:1");
  EXPECT_THAT(choice(p).hidden, ::testing::ElementsAre("PYTHONPATH"));
  annotate(p, "profiling.dev/image-env.PYTHONPATH", "/srv/lib");
  EXPECT_THAT(choice(p).hidden, ::testing::IsEmpty());
  p = podOf("example/python-app:1");
  setEnv(p.containers[0], "PYTHONPATH", "/app");
  EXPECT_THAT(choice(p).hidden, ::testing::IsEmpty());
}

}  // namespace
}  // namespace profiling::inject
