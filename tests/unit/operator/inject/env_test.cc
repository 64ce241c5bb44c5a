#include "operator/inject/env.h"

#include "operator/inject/languages/language.h"
#include "operator/inject/patch/json_patch.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kAgent = "-javaagent:/profiling-agent/java/pyroscope.jar";
constexpr std::string_view kPreload = "--require=/profiling-agent/node/preload.cjs";

Merge merge(const api::ContainerView& c, const LanguageRow& row,
            api::SecretEnvFrom secret = api::SecretEnvFrom::kAssume) {
  return mergeVariable(ContainerEnv(c), row.variable, {row.variable.addition}, secret);
}

TEST(MergeVariable, ByValue) {
  const struct {
    const LanguageRow* row;
    std::string before, after;  // after empty: nothing to do
  } cases[] = {
      {&kJavaRow, "", std::string(kAgent)},
      {&kJavaRow, "-Xmx1g", "-Xmx1g " + std::string(kAgent)},
      {&kJavaRow, std::string(kAgent), ""},
      {&kJavaRow, "-a " + std::string(kAgent) + " -b", ""},
      {&kJavaRow, std::string(kAgent) + "=x", std::string(kAgent) + "=x " + std::string(kAgent)},
      {&kNodeRow, "--x", "--x " + std::string(kPreload)},
      {&kPythonRow, "/app", "/profiling-agent/python:/app"},
      {&kPythonRow, "/app:/profiling-agent/python", ""},
      {&kPythonRow, "/profiling-agent/python3", "/profiling-agent/python:/profiling-agent/python3"},
      {&kPythonRow, "", "/profiling-agent/python"},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    setEnv(view, "OTHER", "x");
    setEnv(view, c.row->variable.name, c.before);
    const Merge m = merge(view, *c.row);
    EXPECT_EQ(m.reason, Reason::kInjected);
    ASSERT_EQ(m.edit.has_value(), !c.after.empty()) << c.before;
    if (!m.edit) continue;
    EXPECT_EQ(m.edit->kind, EnvEdit::Kind::kReplaceValue);
    EXPECT_EQ(m.edit->index, 1U);
    EXPECT_EQ(m.edit->value, c.after);
  }
}

TEST(MergeVariable, OnlyTheLastOfTwoEntriesCounts) {
  api::ContainerView c = container();
  setEnv(c, "JAVA_TOOL_OPTIONS", std::string_view(kAgent));
  setEnv(c, "JAVA_TOOL_OPTIONS", "-Xss1m");
  const Merge m = merge(c, kJavaRow);
  ASSERT_TRUE(m.edit);
  EXPECT_EQ(m.edit->index, 1U);
}

TEST(MergeVariable, ValueFromCannotBeExtended) {
  api::ContainerView c = container();
  c.env.push_back({"JAVA_TOOL_OPTIONS", "", true});
  EXPECT_EQ(merge(c, kJavaRow).reason, Reason::kEnvValueFrom);
  EXPECT_FALSE(merge(c, kJavaRow).edit);
  setEnv(c, "JAVA_TOOL_OPTIONS", "-Xmx1g");  // the later entry wins, so the earlier is no matter
  EXPECT_TRUE(merge(c, kJavaRow).ok());
}

TEST(MergeVariable, EnvFromByPrefixAndPolicy) {
  const struct {
    const char* prefix;
    bool may_supply;
  } prefixes[] = {{"", true},
                  {"JAVA_", true},
                  {"J", true},
                  {"JAVA_TOOL_OPTIONS", false},
                  {"java_", false},
                  {"DB_", false},
                  {"JAVA_TOOL_OPTIONS_X", false}};
  for (const auto& p : prefixes) {
    api::ContainerView c = container();
    c.env_from.push_back({p.prefix, true, "s"});
    const Merge assumed = merge(c, kJavaRow);
    EXPECT_TRUE(assumed.ok());
    EXPECT_EQ(assumed.reason == Reason::kEnvFromSecretAssumed, p.may_supply) << p.prefix;
    const Merge skipped = merge(c, kJavaRow, api::SecretEnvFrom::kSkip);
    EXPECT_EQ(skipped.reason, p.may_supply ? Reason::kEnvFromSecret : Reason::kInjected)
        << p.prefix;
    EXPECT_EQ(skipped.edit.has_value(), !p.may_supply);
  }
  // An entry of the list itself wins over every source, so there is nothing to assume.
  api::ContainerView c = container();
  c.env_from.push_back({"", true, "s"});
  setEnv(c, "JAVA_TOOL_OPTIONS", "-Xmx1g");
  EXPECT_EQ(merge(c, kJavaRow, api::SecretEnvFrom::kSkip).reason, Reason::kInjected);
}

TEST(MergeVariable, PythonRefersToAValueThatEnvFromMayHold) {
  api::ContainerView c = container();
  c.env_from.push_back({"", false, "config"});
  const Merge m = merge(c, kPythonRow, api::SecretEnvFrom::kSkip);
  EXPECT_EQ(m.reason, Reason::kInjected);
  ASSERT_TRUE(m.edit);
  EXPECT_EQ(m.edit->value, "/profiling-agent/python:$(PYTHONPATH)");
  setEnv(c, "PYTHONPATH", m.edit->value);
  EXPECT_FALSE(merge(c, kPythonRow).edit);
}

TEST(MergeVariable, TheRecordKnowsTheKeysOfConfigMaps) {
  const std::vector<api::ConfigMapNames> known{{"jvm", {"JAVA_TOOL_OPTIONS"}}, {"plain", {}}};
  const auto reasonOf = [&](std::string_view map, bool is_secret = false) {
    api::ContainerView c = container();
    c.env_from.push_back({"", is_secret, map});
    const ContainerEnv env(c, &known);
    return mergeVariable(env, kJavaRow.variable, {kJavaRow.variable.addition},
                         api::SecretEnvFrom::kAssume)
        .reason;
  };
  EXPECT_EQ(reasonOf("jvm"), Reason::kEnvFromConfigMap);
  EXPECT_EQ(reasonOf("plain"), Reason::kInjected) << "nothing is assumed";
  EXPECT_EQ(reasonOf("other"), Reason::kEnvFromSecretAssumed) << "nobody has read it";
  EXPECT_EQ(reasonOf("jvm", true), Reason::kEnvFromSecretAssumed) << "a Secret of that name";

  api::ContainerView c = container();
  c.env_from.push_back({"", false, "jvm"});
  setEnv(c, "JAVA_TOOL_OPTIONS", kJavaRow.variable.addition);  // of an earlier pass
  EXPECT_FALSE(mergeVariable(ContainerEnv(c, &known), kJavaRow.variable,
                             {kJavaRow.variable.addition}, api::SecretEnvFrom::kAssume)
                   .edit);
}

TEST(MergeVariable, PythonRefersOnlyToASuppliedValue) {
  const std::vector<api::ConfigMapNames> known{{"config", {"PYTHONPATH"}}, {"plain", {}}};
  const auto value = [&](std::string_view map) {
    api::ContainerView c = container();
    c.env_from.push_back({"", false, map});
    return mergeVariable(ContainerEnv(c, &known), kPythonRow.variable,
                         {kPythonRow.variable.addition}, api::SecretEnvFrom::kAssume)
        .edit->value;
  };
  EXPECT_EQ(value("config"), "/profiling-agent/python:$(PYTHONPATH)");
  EXPECT_EQ(value("plain"), "/profiling-agent/python");
}

TEST(Literal, DoublesDollars) {
  EXPECT_EQ(literal(""), "");
  EXPECT_EQ(literal("a$(B)$$"), "a$$(B)$$$$");
}

TEST(ListContains, WholeElements) {
  const MergeVariable blanks{.name = "X", .addition = "b"};
  const MergeVariable colons{.name = "X", .addition = "b", .separator = ':'};
  EXPECT_TRUE(listContains("a b c", "b", blanks));
  EXPECT_TRUE(listContains("c", "c", blanks));
  EXPECT_FALSE(listContains("ab bc", "b", blanks));
  EXPECT_FALSE(listContains("", "b", blanks));
  EXPECT_FALSE(listContains("a b", "b", colons));
  EXPECT_TRUE(holdsOurs("a b", blanks));
  EXPECT_FALSE(holdsOurs("a bc", blanks));
}

// LD_PRELOAD takes colons and blanks, a list of CLR profilers ends in a semicolon, and what an
// earlier pass added for another libc goes.
TEST(MergeVariable, ListsOfOtherShapes) {
  const MergeVariable preload{.name = "LD_PRELOAD",
                              .addition = "/own/new.so",
                              .separator = ':',
                              .other_separator = ' ',
                              .own = "/own/"};
  const MergeVariable profilers{.name = "CORECLR_NOTIFICATION_PROFILERS",
                                .addition = "/own/p={1}",
                                .separator = ';',
                                .terminated = true,
                                .own = "/own/"};
  const struct {
    const MergeVariable* variable;
    const char *before, *after;
  } cases[] = {
      {&preload, "/a.so", "/a.so:/own/new.so"},
      {&preload, "/a.so /b.so", "/a.so /b.so /own/new.so"},
      {&preload, "/a.so:/b.so", "/a.so:/b.so:/own/new.so"},
      {&preload, "/a.so:/b.so /c.so", "/a.so:/b.so /c.so:/own/new.so"},
      {&preload, "/own/old.so", "/own/new.so"},
      {&preload, "/a.so /own/old.so /b.so", "/a.so /b.so /own/new.so"},
      {&preload, "/own/new.so /a.so", ""},
      {&profilers, "/x={2}", "/x={2};/own/p={1};"},
      {&profilers, "/x={2};", "/x={2};/own/p={1};"},
      {&profilers, "/x={2};/own/p={1};", ""},
      {&profilers, "/own/q={1};/x={2};", "/x={2};/own/p={1};"},
      {&profilers, "", "/own/p={1};"},
  };
  for (const auto& c : cases) {
    api::ContainerView view = container();
    setEnv(view, c.variable->name, c.before);
    const Merge m = mergeVariable(ContainerEnv(view), *c.variable, {c.variable->addition},
                                  api::SecretEnvFrom::kAssume);
    EXPECT_EQ(m.edit ? m.edit->value : "", c.after) << c.before;
  }
}

TEST(JsonPatch, EscapesPointersAndStrings) {
  JsonPatch patch;
  patch.addKey("/metadata/annotations", "a~b/c\"d\n") += "1";
  patch.add("/x/-") += "[]";
  EXPECT_EQ(std::move(patch).finish(),
            R"([{"op":"add","path":"/metadata/annotations/a~0b~1c\"d\n","value":1},)"
            R"({"op":"add","path":"/x/-","value":[]}])");
  EXPECT_EQ(JsonPatch().finish(), "");
}

TEST(AgentFormats, DurationsAndPeriods) {
  EXPECT_EQ(javaDuration("15s"), "15s");
  EXPECT_EQ(javaDuration("2m"), "120s");
  EXPECT_EQ(javaDuration("5500ms"), "5500ms");
  EXPECT_EQ(javaDuration("rubbish"), "15s");
  EXPECT_EQ(milliseconds("1m30s"), "90000");
  EXPECT_EQ(wholeSeconds("1m30s"), "90");
  EXPECT_EQ(wholeSeconds("400ms"), "1");
  EXPECT_EQ(javaPeriod(100), "10ms");
  EXPECT_EQ(javaPeriod(300), "3333us");
  EXPECT_EQ(periodMicros(100), "10000");
  EXPECT_EQ(periodMicros(0), "1000000");
}

}  // namespace
}  // namespace profiling::inject
