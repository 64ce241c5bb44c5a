// Whole pods in, whole pods out: tests/golden/<group>/<case>/{pod.yaml, policy.yaml,
// [namespace.yaml], patched.yaml | skip.txt | observed.txt}. skip.txt holds the reason; such a pod
// is left alone but for the decision annotation. observed.txt holds the reason too; that pod stays
// as it is. UPDATE_GOLDEN=1 rewrites the expectations: read the diff.
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/text.h"
#include "webhooks/mutate_pod.h"

namespace profiling::webhooks {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Plain scalars by YAML's core schema as Kubernetes uses it; quoted ones are strings.
json fromYaml(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      json object = json::object();
      for (const auto& item : node) object[item.first.Scalar()] = fromYaml(item.second);
      return object;
    }
    case YAML::NodeType::Sequence: {
      json list = json::array();
      for (const auto& item : node) list.push_back(fromYaml(item));
      return list;
    }
    case YAML::NodeType::Scalar: {
      const std::string& text = node.Scalar();
      if (node.Tag() == "!") return text;
      if (text == "null") return nullptr;
      if (text == "true" || text == "false") return text == "true";
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc() && end == text.data() + text.size()) return number;
      return text;
    }
    default:
      return nullptr;
  }
}

void toYaml(YAML::Emitter& out, const json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      toYaml(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const json& item : value) toYaml(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

json load(const fs::path& file) {
  return fromYaml(YAML::LoadFile(file.string()));
}

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

api::AgentImages agents() {
  api::AgentImages images;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string token(api::languageToken(static_cast<api::Language>(i)));
    images[i] = {"registry.example/agent-" + token + ":1.0", "1.0"};
  }
  return images;
}

// Policies other than a case's own, under which a pod has to be as stable.
constexpr const char* kOtherSpecs[] = {
    R"({"activation":"Selected"})", R"({"activation":"Selected","secretEnvFrom":"Skip"})",
    R"({"activation":"Selected","languages":["Java","Python","NodeJS"],"tags":{"team":"x"},
        "profiles":{"allocations":true,"inUseMemory":true,"locks":true}})"};

class Case {
 public:
  explicit Case(const fs::path& folder, const char* other_spec = nullptr)
      : pod_(load(folder / "pod.yaml")) {
    inject::Records<api::ProfilingPolicy> policies;
    inject::Records<api::ClusterProfilingPolicy> cluster_policies;
    inject::Records<inject::NamespaceRecord> namespaces;
    inject::NamespaceRecord shop{.name = "shop", .labels = {}, .inject = {}};
    if (fs::exists(folder / "namespace.yaml")) {
      const auto metadata = api::metaFromJson(load(folder / "namespace.yaml"));
      EXPECT_TRUE(metadata.ok()) << folder << ": " << metadata.status().toString();
      if (metadata.ok()) shop = inject::namespaceRecord(*metadata);
    }
    namespaces["shop"] = std::make_shared<const inject::NamespaceRecord>(shop);
    for (const YAML::Node& document : YAML::LoadAllFromFile((folder / "policy.yaml").string())) {
      json object = fromYaml(document);
      if (other_spec != nullptr) {
        object["spec"] = json::parse(other_spec);
        object["spec"]["endpoint"]["url"] = "http://pyroscope.example:4040";
      }
      const auto add = [&](auto policy, auto& all, const std::string& prefix) {
        EXPECT_TRUE(policy.ok()) << folder << ": " << policy.status().toString();
        using Policy = std::remove_cvref_t<decltype(*policy)>;
        if (policy.ok())
          all[prefix + policy->metadata.name] = std::make_shared<const Policy>(*policy);
      };
      if (object.value("kind", "") == api::ClusterProfilingPolicy::kKind) {
        add(api::clusterPolicyFromJson(object), cluster_policies, "");
      } else {
        add(api::policyFromJson(object), policies, "shop/");
      }
    }
    inject::Settings settings;
    settings.agents = agents();
    mutator_ = std::make_unique<PodMutator>(
        settings, MutationObserver{[this](inject::Reason r, api::PolicyMode mode) {
                                     reason_ = std::string(inject::reasonName(r));
                                     observed_ = mode == api::PolicyMode::kObserve;
                                   },
                                   [] { FAIL() << "failed open"; }});
    mutator_->use(inject::buildSnapshot(policies, cluster_policies, {}, namespaces, agents()));
  }

  const json& pod() const { return pod_; }
  const std::string& reason() const { return reason_; }

  bool observed() const { return observed_; }
  bool patched() const { return patched_; }
  bool warned() const { return warned_; }

  // The pod as the API server would have it after our patch.
  json admit(const json& pod) {
    patched_ = false;
    const json review = {{"apiVersion", "admission.k8s.io/v1"},
                         {"kind", "AdmissionReview"},
                         {"request",
                          {{"uid", "golden"},
                           {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
                           {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
                           {"namespace", "shop"},
                           {"operation", "CREATE"},
                           {"object", pod}}}};
    std::string body = review.dump();
    const std::size_t size = body.size();
    body.append(net::ServerRequest::kBodyPadding, '\0');
    net::ServerRequest request;
    request.content_type = "application/json";
    request.body = std::string_view(body).substr(0, size);
    request.body_capacity = body.size();
    const net::ServerResponse answer = mutator_->handle(request);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json response = json::parse(answer.body)["response"];
    EXPECT_TRUE(response["allowed"].get<bool>());
    EXPECT_EQ(response.contains("patch"), response.contains("patchType"));
    warned_ = response.contains("warnings");
    if (!response.contains("patch")) return pod;
    patched_ = true;
    return pod.patch(json::parse(*base64Decode(response["patch"].get<std::string>())));
  }

 private:
  json pod_;
  std::string reason_;
  bool observed_ = false;
  bool patched_ = false;
  bool warned_ = false;
  std::unique_ptr<PodMutator> mutator_;
};

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(PROFILING_SOURCE_DIR) / "tests/golden")) {
    if (entry.path().filename() == "pod.yaml") found.push_back(entry.path().parent_path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string nameOf(const fs::path& folder) {
  std::string name = folder.parent_path().filename().string() + "_" + folder.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

// Without what a refusal may add: the decision annotation.
json withoutDecision(json pod, bool had_annotations) {
  if (!pod["metadata"].contains("annotations")) return pod;
  pod["metadata"]["annotations"].erase(std::string(api::kDecisionKey));
  if (!had_annotations) pod["metadata"].erase("annotations");
  return pod;
}

class Golden : public ::testing::TestWithParam<fs::path> {};

TEST_P(Golden, PodBecomesWhatIsWritten) {
  const fs::path folder = GetParam();
  Case c(folder);
  const json patched = c.admit(c.pod());
  const std::string reason = c.reason();
  const bool injected =
      patched["metadata"].value("labels", json::object()).contains(std::string(api::kProfiledKey));

  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    fs::remove(folder / "patched.yaml");
    fs::remove(folder / "skip.txt");
    fs::remove(folder / "observed.txt");
    if (c.observed()) {
      std::ofstream(folder / "observed.txt") << reason << "\n";
    } else if (injected) {
      YAML::Emitter out;
      toYaml(out, patched);
      std::ofstream(folder / "patched.yaml") << out.c_str() << "\n";
    } else {
      std::ofstream(folder / "skip.txt") << reason << "\n";
    }
  }
  EXPECT_EQ(c.observed(), fs::exists(folder / "observed.txt"));
  if (c.observed()) {
    EXPECT_EQ(reason + "\n", read(folder / "observed.txt"));
    EXPECT_FALSE(c.patched() || c.warned());
  } else if (fs::exists(folder / "skip.txt")) {
    EXPECT_EQ(reason + "\n", read(folder / "skip.txt"));
    EXPECT_EQ(withoutDecision(patched, c.pod()["metadata"].contains("annotations")), c.pod());
  } else {
    EXPECT_EQ(patched, load(folder / "patched.yaml"))
        << json::diff(load(folder / "patched.yaml"), patched).dump(1);
  }
  c.admit(patched);
  EXPECT_FALSE(c.patched()) << "a second pass has nothing to do";
}

TEST_P(Golden, ASecondPassHasNothingToDoUnderOtherPolicies) {
  for (const char* spec : kOtherSpecs) {
    Case c(GetParam(), spec);
    const json once = c.admit(c.pod());
    const json twice = c.admit(once);
    EXPECT_FALSE(c.patched()) << spec << "\n" << json::diff(once, twice).dump(1);
  }
}

// Another webhook that appends a sidecar, before ours or after it, changes nothing of what we do.
TEST_P(Golden, TheOrderWithAnotherWebhookDoesNotMatter) {
  Case c(GetParam());
  const auto other = [](json pod) {
    pod["spec"]["containers"].push_back({{"name", "other-sidecar"}, {"image", "other:1"}});
    pod["metadata"]["annotations"]["other.example/done"] = "yes";
    return pod;
  };
  if (c.pod()["spec"]["containers"].empty())
    return;  // the other's container would become the target
  const json annotated = c.pod()["metadata"].value("annotations", json::object());
  if (annotated.value("profiling.dev/containers", "").find('*') != std::string::npos)
    return;  // so would it here
  const json ours_first = c.admit(other(c.admit(c.pod())));
  const json ours_last = c.admit(other(c.pod()));
  EXPECT_EQ(ours_first, ours_last);
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::ValuesIn(cases()),
                         [](const auto& parameter) { return nameOf(parameter.param); });

TEST(GoldenCases, AreThere) {
  EXPECT_GE(cases().size(), 45U);
}

}  // namespace
}  // namespace profiling::webhooks
