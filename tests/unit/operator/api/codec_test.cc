// Objects to structs and back; errors name the field by JSON pointer.
#include "operator/api/v1alpha1/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/yaml_json.h"

namespace profiling::api {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

Json policyJson(const Json& spec_patch = Json::object()) {
  Json object = Json::parse(R"({"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingPolicy",
    "metadata": {"name": "shop", "namespace": "shop"},
    "spec": {"serverRef": {"name": "pyroscope"}}})");
  object["spec"].merge_patch(spec_patch);
  return object;
}

Json clusterPolicyJson(const Json& spec_patch = Json::object()) {
  Json object = policyJson({{"serverRef", {{"namespace", "profiling"}}}});
  object["kind"] = "ClusterProfilingPolicy";
  object["metadata"].erase("namespace");
  object["spec"].merge_patch(spec_patch);
  return object;
}

Json serverJson(const Json& spec_patch = Json::object()) {
  Json object = Json::parse(R"({"apiVersion": "profiling.dev/v1alpha1", "kind": "ProfilingServer",
    "metadata": {"name": "pyroscope", "namespace": "profiling"}, "spec": {}})");
  object["spec"].merge_patch(spec_patch);
  return object;
}

// Whether `whole` says everything that `part` says.
bool contains(const Json& whole, const Json& part) {
  if (!part.is_object()) return whole == part;
  for (const auto& [key, value] : part.items()) {
    if (!whole.is_object() || !whole.contains(key) || !contains(whole.at(key), value)) return false;
  }
  return true;
}

TEST(Codec, EverySampleParsesAndReadsBackEqual) {
  int policies = 0;
  int cluster_policies = 0;
  int servers = 0;
  for (const auto& file : test::yamlFiles("crds/samples")) {
    SCOPED_TRACE(file.filename());
    const Json sample = test::jsonOfFile(file);
    const auto check = [&](auto parse) {
      const auto first = parse(sample);
      ASSERT_TRUE(first.ok()) << first.status().toString();
      const Json written = toJson(*first);
      EXPECT_TRUE(contains(written, sample)) << written.dump(1);
      const auto second = parse(written);
      ASSERT_TRUE(second.ok()) << second.status().toString();
      EXPECT_EQ(toJson(*second), written);
    };
    if (sample.at("kind") == "ProfilingPolicy") {
      ++policies;
      check(policyFromJson);
    } else if (sample.at("kind") == "ClusterProfilingPolicy") {
      ++cluster_policies;
      check(clusterPolicyFromJson);
    } else {
      ++servers;
      check(serverFromJson);
    }
  }
  EXPECT_GE(policies, 3);
  EXPECT_GE(cluster_policies, 2);
  EXPECT_GE(servers, 2);
}

TEST(Codec, MissingFieldsHaveTheDefaultsOfTheCrd) {
  const auto policy = policyFromJson(policyJson());
  ASSERT_TRUE(policy.ok()) << policy.status().toString();
  const ProfilingPolicySpec& spec = policy->spec;
  EXPECT_EQ(spec.activation, Activation::kAnnotated);
  EXPECT_EQ(spec.mode, PolicyMode::kEnforce);
  EXPECT_TRUE(spec.languages.empty()) << "Auto is no language";
  EXPECT_EQ(spec.sampling.cpu_hz, 100);
  EXPECT_EQ(spec.sampling.upload_interval, "15s");
  EXPECT_EQ(spec.server_ref->namespace_, "");
  const Json written = toJson(*policy).at("spec");
  EXPECT_EQ(written.at("languages"), Json::array({"Auto"}));
  EXPECT_EQ(written.at("profiles"),
            Json({{"allocations", false}, {"inUseMemory", false}, {"locks", false}}));
  EXPECT_FALSE(written.contains("selector")) << "what is empty is not written";

  const auto cluster = clusterPolicyFromJson(clusterPolicyJson());
  ASSERT_TRUE(cluster.ok()) << cluster.status().toString();
  EXPECT_EQ(toJson(*cluster).at("spec"), toJson(*policyFromJson(clusterPolicyJson())).at("spec"))
      << "an empty namespaceSelector is not written";

  const auto server = serverFromJson(serverJson());
  ASSERT_TRUE(server.ok()) << server.status().toString();
  EXPECT_EQ(server->spec.storage.type, StorageType::kFilesystem);
  EXPECT_EQ(server->spec.persistence.size, "10Gi");
  EXPECT_EQ(server->spec.retention, "336h");
  EXPECT_EQ(server->spec.allowed_namespaces.from, AllowFrom::kSame);
}

TEST(Codec, MetadataIsKept) {
  Json object = policyJson();
  object["metadata"].update({{"uid", "u-1"},
                             {"resourceVersion", "42"},
                             {"generation", 3},
                             {"creationTimestamp", "2026-08-01T10:00:00Z"},
                             {"labels", {{"a", "b"}}},
                             {"annotations", {{"profiling.dev/promote", "0123456789"}}}});
  const auto policy = policyFromJson(object);
  ASSERT_TRUE(policy.ok()) << policy.status().toString();
  EXPECT_EQ(policy->metadata.generation, 3);
  EXPECT_FALSE(policy->metadata.deleting);
  EXPECT_EQ(toJson(*policy).at("metadata"), object.at("metadata"));
  object["metadata"]["deletionTimestamp"] = "2026-08-01T11:00:00Z";
  EXPECT_TRUE(policyFromJson(object)->metadata.deleting);
}

TEST(Codec, OthersAnnotationsAndLongOnesAreNotKept) {
  Json object = policyJson();
  object["metadata"]["annotations"] = {{"kubectl.kubernetes.io/last-applied-configuration", "{}"},
                                       {"profiling.dev/retry", std::string(1024, 'x')},
                                       {"profiling.dev/promote", std::string(1025, 'x')}};
  const auto policy = policyFromJson(object);
  ASSERT_TRUE(policy.ok());
  ASSERT_EQ(policy->metadata.annotations.size(), 1U);
  EXPECT_EQ(policy->metadata.annotations.begin()->first, "profiling.dev/retry");
}

TEST(Codec, StatusRoundTrips) {
  Json object = policyJson();
  object["status"] = {
      {"observedGeneration", 3},
      {"phase", "Active"},
      {"targetRevision", "0123456789"},
      {"workloads", {{"matched", 2}, {"profiled", 1}}},
      {"pods",
       {{"matched", 9},
        {"profiled", 5},
        {"ready", 4},
        {"outdated", 1},
        {"missed", 3},
        {"waiting", 0},
        {"skipped", 1},
        {"notOptedIn", 7}}},
      {"skippedReasons", {{{"reason", "NoLanguage"}, {"pods", 1}}}},
      {"shadowedBy", {{{"kind", "ProfilingPolicy"}, {"name", "other"}, {"workloads", 2}}}},
      {"conditions",
       {{{"type", "Ready"},
         {"status", "True"},
         {"reason", "Ok"},
         {"message", ""},
         {"lastTransitionTime", "2026-08-01T10:00:00Z"},
         {"observedGeneration", 3}}}}};
  const auto policy = policyFromJson(object);
  ASSERT_TRUE(policy.ok()) << policy.status().toString();
  EXPECT_EQ(toJson(policy->status), object.at("status")) << "an empty required field is written";
}

TEST(Codec, UnknownFieldsAndNullsAreTolerated) {
  const auto policy = policyFromJson(
      policyJson({{"futureField", {{"x", 1}}}, {"sampling", {{"cpuHz", 50}, {"future", true}}}}));
  ASSERT_TRUE(policy.ok()) << policy.status().toString();
  EXPECT_EQ(policy->spec.sampling.cpu_hz, 50);
  Json nulls = policyJson();
  nulls["spec"]["endpoint"] = nullptr;
  nulls["spec"]["sampling"] = nullptr;
  EXPECT_TRUE(policyFromJson(nulls).ok());
}

struct Bad {
  const char* patch;  // merged into a good spec; null removes
  const char* expected;
};

TEST(Codec, BadPoliciesAreRefusedByJsonPointer) {
  const Bad rows[] = {
      {R"({"sampling": {"cpuHz": 0}})", "at /spec/sampling/cpuHz: 0 must be between 10 and 500"},
      {R"({"sampling": {"cpuHz": 1000000000}})",
       "at /spec/sampling/cpuHz: 1000000000 must be between 10 and 500"},
      {R"({"sampling": {"cpuHz": 18446744073709551615}})", "at /spec/sampling/cpuHz: 18446744"},
      {R"({"sampling": {"cpuHz": 99.5}})", "at /spec/sampling/cpuHz: 99.5 must be a whole number"},
      {R"({"sampling": {"cpuHz": "100"}})", R"(at /spec/sampling/cpuHz: "100" must be a whole)"},
      {R"({"sampling": []})", "at /spec/sampling: [] must be an object"},
      {R"({"sampling": {"uploadInterval": "1s"}})",
       "at /spec/sampling/uploadInterval: '1s' must be between '5s' and '10m'"},
      {R"({"sampling": {"uploadInterval": "11m"}})", "'11m' must be between '5s' and '10m'"},
      {R"({"sampling": {"uploadInterval": "soon"}})", "at /spec/sampling/uploadInterval: "},
      {R"({"sampling": {"uploadInterval": ""}})", "at /spec/sampling/uploadInterval: "},
      {R"({"sampling": {"uploadInterval": 15}})",
       "at /spec/sampling/uploadInterval: 15 must be a string"},
      {R"({"priority": -1001})", "at /spec/priority: -1001 must be between -1000 and 1000"},
      {R"({"activation": "Always"})",
       "at /spec/activation: 'Always' must be 'Annotated' or 'Selected'"},
      {R"({"mode": "DryRun"})", "at /spec/mode: 'DryRun' must be 'Enforce' or 'Observe'"},
      {R"({"activation": true})", "at /spec/activation: 'true' must be 'Annotated' or 'Selected'"},
      {R"({"secretEnvFrom": "Fail"})", "at /spec/secretEnvFrom: 'Fail' must be 'Assume' or 'Skip'"},
      {R"({"serviceName": {"from": "Env"}})",
       "at /spec/serviceName/from: 'Env' must be 'Workload'"},
      {R"({"languages": ["Auto", "Java"]})", "at /spec/languages: 'Auto' must stand alone"},
      {R"({"languages": ["Java", "Cobol"]})",
       "at /spec/languages/1: 'Cobol' must be 'Auto', 'Java', 'Python', 'NodeJS', 'DotNet', "
       "'Ruby', 'Go' or 'Native'"},
      {R"({"languages": "Java"})", "at /spec/languages: \"Java\" must be a list"},
      {R"({"profiles": {"locks": "yes"}})",
       "at /spec/profiles/locks: \"yes\" must be true or false"},
      {R"({"workloadKinds": ["Job", "ReplicaSet"]})",
       "at /spec/workloadKinds/1: 'ReplicaSet' must be 'Deployment', 'StatefulSet', 'DaemonSet', "
       "'Job', 'CronJob' or 'Rollout'"},
      {R"({"workloadKinds": [1]})", "at /spec/workloadKinds/0: 1 must be a string"},
      {R"({"serverRef": null})", "at /spec: exactly one of 'serverRef' and 'endpoint' must be set"},
      {R"({"endpoint": {"url": "http://x"}})",
       "at /spec: exactly one of 'serverRef' and 'endpoint'"},
      {R"({"serverRef": {"name": null}})", "at /spec/serverRef: 'name' is required"},
      {R"({"serverRef": null, "endpoint": {}})", "at /spec/endpoint: 'url' is required"},
      {R"({"tags": {"team": 1}})", "at /spec/tags/team: 1 must be a string"},
      {R"({"tags": []})", "at /spec/tags: [] must be an object of strings"},
      {R"({"selector": {"matchLabels": {"app.kubernetes.io/version": 2}}})",
       "at /spec/selector/matchLabels/app.kubernetes.io~1version: 2 must be a string"},
      {R"({"selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", 3]}]}})",
       "at /spec/selector/matchExpressions/0/values/1: 3 must be a string"},
      {R"({"selector": {"matchExpressions": [{"key": "a"}]}})",
       "at /spec/selector/matchExpressions/0: 'operator' is required"},
      {R"({"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}})",
       "at /spec/selector/matchExpressions/0/operator: 'Near' must be 'In'"},
  };
  for (const Bad& row : rows) {
    const auto got = policyFromJson(policyJson(Json::parse(row.patch)));
    ASSERT_FALSE(got.ok()) << row.patch;
    EXPECT_EQ(got.status().code(), Code::kInvalidArgument) << row.patch;
    EXPECT_THAT(got.status().message(), HasSubstr(row.expected));
    const auto cluster = clusterPolicyFromJson(clusterPolicyJson(Json::parse(row.patch)));
    ASSERT_FALSE(cluster.ok()) << row.patch;
    EXPECT_THAT(cluster.status().message(), HasSubstr(row.expected));
  }
}

TEST(Codec, BadClusterPoliciesAreRefusedByJsonPointer) {
  const Bad rows[] = {
      {R"({"serverRef": {"namespace": null}})", "at /spec/serverRef: 'namespace' is required: a "},
      {R"({"namespaceSelector": []})", "at /spec/namespaceSelector: [] must be an object"},
      {R"({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}})",
       "at /spec/namespaceSelector/matchExpressions/0/values: must hold at least one"},
  };
  for (const Bad& row : rows) {
    const auto got = clusterPolicyFromJson(clusterPolicyJson(Json::parse(row.patch)));
    ASSERT_FALSE(got.ok()) << row.patch;
    EXPECT_EQ(got.status().code(), Code::kInvalidArgument) << row.patch;
    EXPECT_THAT(got.status().message(), HasSubstr(row.expected));
  }
}

TEST(Codec, BadServersAreRefusedByJsonPointer) {
  const Bad rows[] = {
      {R"({"mode": "Micro"})", "at /spec/mode: 'Micro' must be 'Single'"},
      {R"({"storage": {"type": "GCS"}})",
       "at /spec/storage/type: 'GCS' must be 'Filesystem' or 'S3'"},
      {R"({"storage": {"type": "S3"}})",
       "at /spec/storage: 's3' must be set when 'type' is 'S3', and only then"},
      {R"({"storage": {"s3": {"endpoint": "s3:7070", "bucket": "b"}}})",
       "at /spec/storage: 's3' must"},
      {R"({"storage": {"type": "S3", "s3": {"bucket": "b"}}})",
       "at /spec/storage/s3: 'endpoint' is required"},
      {R"({"storage": {"type": "S3", "s3": {"endpoint": "http://s3:7070", "bucket": "b"}}})",
       "at /spec/storage/s3/endpoint: 'http://s3:7070' must be a host or host:port, without "
       "scheme"},
      {R"({"storage": {"type": "S3", "s3": {"endpoint": "s3", "bucket": "b", "credentials": {}}}})",
       "at /spec/storage/s3/credentials: 'secretRef' is required"},
      {R"({"retention": "10m"})",
       "at /spec/retention: '10m' must be '0' (for ever) or at least '1h'"},
      {R"({"retention": "14d"})", "at /spec/retention: "},
      {R"({"tenancy": {"enabled": 1}})", "at /spec/tenancy/enabled: 1 must be true or false"},
      {R"({"resources": []})", "at /spec/resources: [] must be an object"},
      {R"({"tolerations": {}})", "at /spec/tolerations: {} must be a list"},
      {R"({"allowedNamespaces": {"from": "Some"}})",
       "at /spec/allowedNamespaces/from: 'Some' must be 'Same', 'All' or 'Selector'"},
      {R"({"allowedNamespaces": {"from": "Selector",
            "selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}})",
       "at /spec/allowedNamespaces/selector/matchExpressions/0/values: must hold at least one"},
  };
  for (const Bad& row : rows) {
    const auto got = serverFromJson(serverJson(Json::parse(row.patch)));
    ASSERT_FALSE(got.ok()) << row.patch;
    EXPECT_EQ(got.status().code(), Code::kInvalidArgument) << row.patch;
    EXPECT_THAT(got.status().message(), HasSubstr(row.expected));
  }
}

TEST(Codec, JsonThatIsNoObjectIsRefused) {
  const Bad rows[] = {
      {"null", "at /metadata: 'metadata' is required"},
      {"[]", "at /metadata: 'metadata' is required"},
      {R"({"metadata": "shop", "spec": {}})",
       "at /metadata: 'metadata' is required and must be an"},
      {R"({"metadata": {}, "spec": {}})", "at /metadata/name: 'name' is required"},
      {R"({"metadata": {"name": 7}, "spec": {}})", "at /metadata/name: 'name' is required"},
      {R"({"metadata": {"name": "a"}})", "at /: 'spec' is required"},
      {R"({"metadata": {"name": "a"}, "spec": "all"})", "at /spec: \"all\" must be an object"},
  };
  for (const Bad& row : rows) {
    for (const Status& status : {policyFromJson(Json::parse(row.patch)).status(),
                                 serverFromJson(Json::parse(row.patch)).status()}) {
      ASSERT_FALSE(status.ok()) << row.patch;
      EXPECT_THAT(status.message(), HasSubstr(row.expected));
    }
  }
}

// Text of users ends up in messages: bounded, and valid UTF-8 whatever came in.
TEST(Codec, LongAndBrokenTextIsCutInMessages) {
  const auto longest = policyFromJson(policyJson({{"activation", std::string(5000, 'x')}}));
  ASSERT_FALSE(longest.ok());
  EXPECT_LT(longest.status().message().size(), 300u);
  const auto broken = policyFromJson(policyJson({{"sampling", {{"cpuHz", "\xff\xfe\n"}}}}));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.status().message().find('\xff'), std::string::npos);
  EXPECT_EQ(broken.status().message().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace profiling::api
