#include "operator/inject/image_env.h"

#include "operator/inject/env.h"
#include "operator/inject/languages/language.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ImageEnv, TheContainersOwnAnnotationComesFirst) {
  api::PodView p = pod();
  annotate(p, "profiling.dev/image-env.PYTHONPATH.app", "/app");
  annotate(p, "profiling.dev/image-env.PYTHONPATH", "/all");
  annotate(p, "profiling.dev/image-env.PYTHONPATHS", "/other");
  EXPECT_EQ(imageEnv(p, "PYTHONPATH", "app"), "/app");
  EXPECT_EQ(imageEnv(p, "PYTHONPATH", "worker"), "/all");
  EXPECT_EQ(imageEnv(p, "NODE_OPTIONS", "app"), "");
}

TEST(ImageEnv, WhatIsNotUsedIsWarnedOf) {
  api::PodView p = pod();
  annotate(p, "profiling.dev/image-env.PYTHONPATH.app", "/app");
  annotate(p, "profiling.dev/image-env.PATH", "/bin");
  annotate(p, "profiling.dev/image-env.RUBYOPT.worker", "-w");
  const std::string huge(kMaxImageEnvBytes + 1, 'x');
  annotate(p, "profiling.dev/image-env.NODE_OPTIONS", huge);
  std::vector<Warning> warnings;
  checkImageEnv(p, warnings);
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_THAT(warnings[0].text, HasSubstr("image-env.PATH: \"/bin\" is ignored; allowed: "));
  EXPECT_THAT(warnings[1].text, HasSubstr("RUBYOPT.worker"));
  EXPECT_EQ(imageEnv(p, "NODE_OPTIONS", "app"), "");
}

TEST(ImageEnv, ItIsExtendedAsTheAgentsVariablesAre) {
  const struct {
    const LanguageRow* row;
    const char *image, *value;
  } cases[] = {
      {&kPythonRow, "/srv/lib", "/profiling-agent/python:/srv/lib"},
      {&kJavaRow, "-Xmx1g $(x)", "-Xmx1g $$(x) -javaagent:/profiling-agent/java/pyroscope.jar"},
      {&kNodeRow, "--max-http-header-size=9",
       "--max-http-header-size=9 --require=/profiling-agent/node/preload.cjs"},
  };
  for (const auto& c : cases) {
    const api::ContainerView view = container();
    const ContainerEnv env(view);
    const Merge merge = mergeVariable(env, c.row->variable, {c.row->variable.addition},
                                      api::SecretEnvFrom::kAssume, c.image);
    ASSERT_TRUE(merge.edit);
    EXPECT_EQ(merge.edit->value, c.value);
    EXPECT_FALSE(merge.replaces_image);
    EXPECT_TRUE(
        mergeVariable(env, c.row->variable, {c.row->variable.addition}, api::SecretEnvFrom::kAssume)
            .replaces_image);
  }
}

TEST(ImageEnv, AVariableOfThePodOrOfItsSourcesHidesTheImages) {
  api::ContainerView view = container();
  setEnv(view, "PYTHONPATH", "/pod");
  Merge merge =
      mergeVariable(ContainerEnv(view), kPythonRow.variable, {kPythonRow.variable.addition},
                    api::SecretEnvFrom::kAssume, "/image");
  EXPECT_EQ(merge.edit->value, "/profiling-agent/python:/pod");
  EXPECT_FALSE(merge.replaces_image);
  view = container();
  view.env_from.push_back({"", false, "settings"});
  merge = mergeVariable(ContainerEnv(view), kPythonRow.variable, {kPythonRow.variable.addition},
                        api::SecretEnvFrom::kAssume, "/image");
  EXPECT_EQ(merge.edit->value, "/profiling-agent/python:$(PYTHONPATH)");
}

TEST(EmbeddedSdk, AVariableOfItsOwnNameIsAHint) {
  for (const char* name :
       {"PYROSCOPE_URL", "PYROSCOPE_USER", "PYROSCOPE_SERVER", "PYROSCOPE_APP_NAME"}) {
    api::PodView p = pod();
    setEnv(p.containers[0], name, "x");
    EXPECT_EQ(planUnder({policy()}, p).decisions.at(0).reason, Reason::kEmbeddedSDK) << name;
  }
  for (const char* name : {"PYROSCOPE_LABELS", "PYROSCOPE_PROFILER_EVENT",
                           "PYROSCOPE_AGENT_ENABLED", "PYROSCOPE_BASIC_AUTH_USER"}) {
    api::PodView p = pod();
    setEnv(p.containers[0], name, "x");
    EXPECT_EQ(planUnder({policy()}, p).decisions.at(0).reason, Reason::kInjected) << name;
  }
}

TEST(DefaultContainer, ThePodsMainContainerComesBeforeTheFirst) {
  api::PodView p = pod();
  p.containers[0].name = "shipper";
  p.containers.push_back(container("orders"));
  p.containers[1].index = 1;
  const auto target = [&] {
    return std::string(planUnder({policy()}, p).decisions.at(0).container);
  };
  EXPECT_EQ(target(), "shipper");
  annotate(p, "kubectl.kubernetes.io/default-container", "orders");
  EXPECT_EQ(target(), "orders");
  p.annotations[0].value = "absent";
  EXPECT_EQ(target(), "shipper");
  p.annotations[0].value = "orders";
  annotate(p, api::kContainersKey, "shipper");
  EXPECT_EQ(target(), "shipper") << "our annotation comes first";
}

TEST(OwnSidecar, ALostRestartPolicyIsPutBack) {
  api::PodView p = pod();
  p.has_init_containers = true;
  api::ContainerView sidecar = container("profiling-agent-go");
  sidecar.image = "registry/agent-go:1";
  sidecar.is_init = true;
  setEnv(sidecar, "PROFILING_PPROF_PORT", "6060");
  setEnv(sidecar, "PYROSCOPE_LABELS", "namespace=shop,container=app");
  p.init_containers.push_back(sidecar);
  annotate(p, api::kInjectKey, "go");
  label(p, api::kProfiledKey, "0123456789");
  const auto patch = [&] { return renderPatch(planUnder({policy()}, p), p, settings()); };
  EXPECT_THAT(patch(),
              HasSubstr(R"("path":"/spec/initContainers/0/restartPolicy","value":"Always")"));
  EXPECT_EQ(planUnder({policy()}, p).reason, Reason::kInjected);
  p.init_containers[0].is_native_sidecar = true;
  EXPECT_THAT(patch(), ::testing::Not(HasSubstr("restartPolicy")));
}

}  // namespace
}  // namespace profiling::inject
