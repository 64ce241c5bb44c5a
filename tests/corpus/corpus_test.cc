// Pods as clusters have them (the YAML beside this file) under policies of every language: none is
// rejected, only injection's own additions change, a second pass has nothing to do, and the pod keeps
// its meaning for Kubernetes.
#include <functional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/corpus/pod_rules.h"
#include "tests/support/pod_admission.h"
#include "tests/support/yaml_json.h"

namespace profiling::corpus {
namespace {

using nlohmann::json;

struct Pod {
  std::string file;
  json object;
  std::string name() const { return file + "_" + object["metadata"]["name"].get<std::string>(); }
};

const std::vector<Pod>& pods() {
  static const std::vector<Pod> all = [] {
    std::vector<Pod> out;
    for (const auto& path : test::yamlFiles("tests/corpus")) {
      for (const YAML::Node& document : YAML::LoadAllFromFile(path.string())) {
        if (!document.IsMap()) continue;
        json object = test::yamlToJson(document);
        object["apiVersion"] = "v1";
        object["kind"] = "Pod";
        object["metadata"]["namespace"] = "shop";
        out.push_back({path.stem().string(), std::move(object)});
      }
    }
    return out;
  }();
  return all;
}

struct Policy {
  const char* name;
  const char* languages;
};
constexpr Policy kPolicies[] = {
    {"auto", R"(["Auto"])"},
    {"java", R"(["Java"])"},
    {"python", R"(["Python"])"},
    {"node", R"(["NodeJS"])"},
    {"dotnet", R"(["DotNet"])"},
    {"ruby", R"(["Ruby"])"},
    {"all", R"(["Java","Python","NodeJS","DotNet","Ruby"])"},
    {"go", R"(["Go"])"},
    {"native", R"(["Native"])"},
};

// A pod that names the port is scraped; without it those languages do nothing.
void sayWherePprofIs(json& pod, const Policy& policy) {
  const std::string_view name = policy.name;
  if (name != "go" && name != "native") return;
  pod["metadata"]["annotations"]["profiling.dev/pprof-port"] = "6060";
}

test::PodAdmission admissionFor(const Policy& policy) {
  json object = {{"metadata", {{"name", "corpus"}, {"namespace", "shop"}}},
                 {"spec",
                  {{"activation", "Selected"},
                   {"languages", json::parse(policy.languages)},
                   {"endpoint", {{"url", "http://pyroscope.example:4040"}}}}}};
  return test::PodAdmission(std::vector<json>{object});
}

constexpr std::pair<const char*, double> kSidecarOfGuaranteed[] = {{"cpu", 0.02},
                                                                   {"memory", 32.0 * 1024 * 1024}};

bool isOurs(const json& item) {
  return item.value("name", "").starts_with("profiling-agent");
}

// Variables that are extended; every other existing one keeps its value.
const std::set<std::string> kExtended{"JAVA_TOOL_OPTIONS",
                                      "PYTHONPATH",
                                      "NODE_OPTIONS",
                                      "RUBYOPT",
                                      "LD_PRELOAD",
                                      "LD_LIBRARY_PATH",
                                      "CORECLR_NOTIFICATION_PROFILERS"};
// Names that are added besides.
bool mayBeAdded(const std::string& name) {
  return kExtended.count(name) != 0 || name.starts_with("PYROSCOPE_") ||
         name.starts_with("PROFILING_") || name.starts_with("CORECLR_");
}

// Removes from the list the items that the original lacks, if `ours` says that we may add them.
void removeAdded(json& owner, const json& before, const char* key,
                 const std::function<bool(const json&)>& ours) {
  if (!owner.contains(key)) return;
  json kept = json::array();
  const json original = before.value(key, json::array());
  for (const json& item : owner[key]) {
    const bool there = std::find(original.begin(), original.end(), item) != original.end();
    if (there || !ours(item)) kept.push_back(item);
  }
  if (kept.empty() && !before.contains(key)) {
    owner.erase(key);
  } else {
    owner[key] = kept;
  }
}

// The old value is still in it, and before or after it only text of ours.
bool isExtended(const std::string& before, const std::string& after) {
  const std::size_t at = after.find(before);
  if (at == std::string::npos) return false;
  const std::string rest = after.substr(0, at) + after.substr(at + before.size());
  return rest.find("profiling-agent") != std::string::npos;
}

void restoreContainer(json& container, const json& before) {
  removeAdded(container, before, "volumeMounts", isOurs);
  if (!container.contains("env")) return;
  const json original = before.value("env", json::array());
  json kept = json::array();
  std::size_t next = 0;
  for (const json& var : container["env"]) {
    const std::string name = var.value("name", "");
    if (next < original.size() && original[next].value("name", "") == name) {
      const bool same = var == original[next];
      const bool extended = kExtended.count(name) != 0 &&
                            isExtended(original[next].value("value", ""), var.value("value", ""));
      if (same || extended) {
        kept.push_back(original[next++]);
        continue;
      }
    }
    if (!mayBeAdded(name)) kept.push_back(var);
  }
  if (kept.empty() && !before.contains("env")) {
    container.erase("env");
  } else {
    container["env"] = kept;
  }
}

// The pod without all that injection may have added; equal to the original when nothing else
// changed.
json withoutOurs(json pod, const json& before) {
  json& metadata = pod["metadata"];
  const json& old = before["metadata"];
  const auto restoreKey = [&](const char* map, const char* key) {
    if (!metadata.contains(map)) return;
    const json values = old.value(map, json::object());
    metadata[map].erase(key);
    if (values.contains(key)) metadata[map][key] = values[key];
    if (metadata[map].empty() && !old.contains(map)) metadata.erase(map);
  };
  restoreKey("labels", "profiling.dev/profiled");
  restoreKey("annotations", "profiling.dev/decision");
  restoreKey("annotations", "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes");
  json& spec = pod["spec"];
  const json& old_spec = before["spec"];
  removeAdded(spec, old_spec, "volumes", isOurs);
  removeAdded(spec, old_spec, "initContainers", isOurs);
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !old_spec.contains(list)) continue;
    if (spec[list].size() != old_spec[list].size()) continue;  // the comparison will tell
    for (std::size_t i = 0; i < spec[list].size(); ++i) {
      restoreContainer(spec[list][i], old_spec[list][i]);
    }
  }
  return pod;
}

class Corpus : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Pod& pod() const { return pods()[GetParam()]; }
};

TEST_P(Corpus, OnlyInjectionsOwnAdditionsChangeThePod) {
  for (const Policy& policy : kPolicies) {
    json before = pod().object;
    sayWherePprofIs(before, policy);
    test::PodAdmission admission = admissionFor(policy);
    const json after = admission.admit(before);
    const std::string reason = admission.reason();
    EXPECT_EQ(withoutOurs(after, before), before)
        << policy.name << ": " << json::diff(before, withoutOurs(after, before)).dump(1);
    const bool profiled =
        after["metadata"].value("labels", json::object()).contains("profiling.dev/profiled");
    EXPECT_EQ(profiled, reason.starts_with("Injected") || reason == "EnvFromSecretAssumed")
        << policy.name << ": " << reason;
    admission.admit(after);
    EXPECT_FALSE(admission.patched()) << policy.name << ": a second pass has nothing to do";
  }
}

TEST_P(Corpus, KeepsItsMeaningForKubernetes) {
  for (const Policy& policy : kPolicies) {
    json before = pod().object;
    sayWherePprofIs(before, policy);
    test::PodAdmission admission = admissionFor(policy);
    const json after = admission.admit(before);
    EXPECT_EQ(qosClass(after), qosClass(before)) << policy.name;
    EXPECT_EQ(securityLevel(after), securityLevel(before)) << policy.name;
    const json no_containers = json::array();
    const json& inits = after["spec"].value("initContainers", no_containers);
    const bool sidecar = std::any_of(inits.begin(), inits.end(), [](const json& c) {
      return isOurs(c) && c.contains("restartPolicy");
    });
    for (const auto& [resource, of_guaranteed] : kSidecarOfGuaranteed) {
      // A Guaranteed pod reserves all that it may use; an added container must do the same.
      const double more = sidecar && qosClass(before) == "Guaranteed" ? of_guaranteed : 0;
      EXPECT_DOUBLE_EQ(effectiveRequest(after, resource), effectiveRequest(before, resource) + more)
          << policy.name << ": " << resource;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, ::testing::Range<std::size_t>(0, pods().size()),
                         [](const auto& parameter) {
                           std::string name = pods()[parameter.param].name();
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

TEST(CorpusItself, HasAHundredPodsOfEveryKind) {
  EXPECT_GE(pods().size(), 100U);
  std::set<std::string> names, levels, classes, reasons;
  for (const Pod& pod : pods()) {
    EXPECT_TRUE(names.insert(pod.name()).second) << pod.name();
    levels.insert(securityLevel(pod.object));
    classes.insert(qosClass(pod.object));
    for (const Policy& policy : kPolicies) {
      json before = pod.object;
      sayWherePprofIs(before, policy);
      test::PodAdmission admission = admissionFor(policy);
      admission.admit(before);
      reasons.insert(admission.reason());
    }
  }
  EXPECT_THAT(levels, ::testing::UnorderedElementsAre("restricted", "baseline", "privileged"));
  EXPECT_THAT(classes, ::testing::UnorderedElementsAre("Guaranteed", "Burstable", "BestEffort"));
  for (const char* reason :
       {"Injected", "EnvFromSecretAssumed", "EnvValueFrom", "EmbeddedSDK", "ConflictingAgent",
        "ProfilingDisabled", "UnsupportedOS", "UnsupportedArchitecture", "UnsupportedRuntime",
        "StaticPod", "CriticalPod", "LimitsTooSmall", "ReadOnlyTemp", "NameConflict", "NoLanguage",
        "NoTargetContainer"}) {
    EXPECT_TRUE(reasons.count(reason) != 0) << reason << ": no pod is refused for it";
  }
}

}  // namespace
}  // namespace profiling::corpus
