#include "controllers/specs/pyroscope_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "tests/unit/controllers/builders.h"

namespace profiling::specs {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PyroscopeConfig, S3StorageUsesTheBucket) {
  EXPECT_EQ(pyroscopeConfig(test::s3Server().spec), R"(target: "all"
architecture_storage: "v2"
multitenancy_enabled: false
analytics:
  reporting_enabled: false
storage:
  backend: "s3"
  prefix: "profiles"
  s3:
    endpoint: "s3.eu-central-1.amazonaws.com"
    region: "eu-central-1"
    bucket_name: "my-profiles"
    bucket_lookup_type: "auto"
    insecure: false
metastore:
  data_dir: "/data/metastore/data"
  raft:
    dir: "/data/metastore/raft"
limits:
  retention_period: "336h"
  max_profile_stacktrace_depth: 2048
)");
}

TEST(PyroscopeConfig, FilesystemStorageUsesTheServersVolume) {
  EXPECT_EQ(pyroscopeConfig(test::filesystemServer().spec), R"(target: "all"
architecture_storage: "v2"
multitenancy_enabled: false
analytics:
  reporting_enabled: false
storage:
  backend: "filesystem"
  filesystem:
    dir: "/data/shared"
metastore:
  data_dir: "/data/metastore/data"
  raft:
    dir: "/data/metastore/raft"
limits:
  retention_period: "336h"
  max_profile_stacktrace_depth: 2048
)");
}

TEST(PyroscopeConfig, OfAnS3ServerInTheCluster) {
  api::ProfilingServer server = test::s3Server();
  server.spec.storage.s3->path_style = true;
  server.spec.storage.s3->insecure = true;
  server.spec.storage.s3->region.clear();
  server.spec.storage.s3->prefix.clear();
  server.spec.tenancy.enabled = true;
  const YAML::Node config = YAML::Load(pyroscopeConfig(server.spec));
  EXPECT_EQ(config["storage"]["s3"]["bucket_lookup_type"].as<std::string>(), "path-style");
  EXPECT_TRUE(config["storage"]["s3"]["insecure"].as<bool>());
  EXPECT_FALSE(config["storage"]["s3"]["region"]);
  EXPECT_FALSE(config["storage"]["prefix"]);
  EXPECT_TRUE(config["multitenancy_enabled"].as<bool>());
}

TEST(PyroscopeConfig, HoldsNoCredentialAndNoNameOfTheSecret) {
  const std::string config = pyroscopeConfig(test::s3Server().spec);
  EXPECT_THAT(config, Not(HasSubstr("access_key")));
  EXPECT_THAT(config, Not(HasSubstr("s3-credentials")));
}

TEST(PyroscopeConfig, TextThatLooksLikeYamlStaysText) {
  api::ProfilingServer server = test::s3Server();
  server.spec.storage.s3->bucket = "yes: #\n\"x\"\nlimits: {}";
  const YAML::Node config = YAML::Load(pyroscopeConfig(server.spec));
  EXPECT_EQ(config["storage"]["s3"]["bucket_name"].as<std::string>(), "yes: #\n\"x\"\nlimits: {}");
  EXPECT_EQ(config["limits"]["retention_period"].as<std::string>(), "336h");
}

TEST(PyroscopeConfig, RetentionIsWrittenFromLargeToSmallUnits) {
  const auto retention = [](const char* text) {
    api::ProfilingServer server = test::filesystemServer();
    server.spec.retention = text;
    return YAML::Load(pyroscopeConfig(server.spec))["limits"]["retention_period"].as<std::string>();
  };
  EXPECT_EQ(retention("30m1h"), "1h30m");
  EXPECT_EQ(retention("90m"), "1h30m");
  EXPECT_EQ(retention("0"), "0s");
  EXPECT_EQ(retention("1h5s"), "1h5s");
}

struct Row {
  const char* sentence;
  void (*change)(api::ProfilingServer&);
  std::vector<const char*> words;  // empty: accepted
};
class CheckServer : public testing::TestWithParam<Row> {};

TEST_P(CheckServer, MatchesTheTable) {
  api::ProfilingServer server = test::s3Server();
  GetParam().change(server);
  const Status status = checkServer(server);
  EXPECT_EQ(status.ok(), GetParam().words.empty()) << GetParam().sentence << status.toString();
  EXPECT_EQ(status.code(), GetParam().words.empty() ? Code::kOk : Code::kInvalidArgument);
  for (const char* word : GetParam().words) EXPECT_THAT(status.message(), HasSubstr(word));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CheckServer,
    testing::Values(
        Row{"an ordinary server is accepted", [](api::ProfilingServer&) {}, {}},
        Row{"a trailing slash of the prefix is accepted",
            [](api::ProfilingServer& s) { s.spec.storage.s3->prefix = "a/b-c_d.e/"; },
            {}},
        Row{"a name with a dot cannot name a Service",
            [](api::ProfilingServer& s) { s.metadata.name = "a.b"; },
            {"metadata.name", "'a.b'", "a-z"}},
        Row{"a name that begins with a digit cannot name a Service",
            [](api::ProfilingServer& s) { s.metadata.name = "1a"; },
            {"metadata.name", "'1a'"}},
        Row{"a name leaves room for the revision's hash",
            [](api::ProfilingServer& s) { s.metadata.name = std::string(53, 'a'); },
            {"metadata.name", "52"}},
        Row{"a scheme in the endpoint is refused",
            [](api::ProfilingServer& s) { s.spec.storage.s3->endpoint = "https://s3.local"; },
            {"spec.storage.s3.endpoint", "'https://s3.local'", "without scheme"}},
        Row{"a prefix part that begins with a digit is refused, as the server does",
            [](api::ProfilingServer& s) { s.spec.storage.s3->prefix = "a/2026"; },
            {"spec.storage.s3.prefix", "'a/2026'", "digit"}},
        Row{"a leading slash of the prefix is refused",
            [](api::ProfilingServer& s) { s.spec.storage.s3->prefix = "/a"; },
            {"spec.storage.s3.prefix", "'/a'"}},
        Row{"a parent folder in the prefix is refused",
            [](api::ProfilingServer& s) { s.spec.storage.s3->prefix = "a/../b"; },
            {"spec.storage.s3.prefix"}},
        Row{"S3 without its settings is refused",
            [](api::ProfilingServer& s) { s.spec.storage.s3.reset(); },
            {"spec.storage.s3", "'S3'"}},
        Row{"an empty Secret name is refused",
            [](api::ProfilingServer& s) { s.spec.storage.s3->credentials->secret_ref.name = ""; },
            {"spec.storage.s3.credentials.secretRef.name"}},
        Row{"a retention without a unit is refused",
            [](api::ProfilingServer& s) { s.spec.retention = "336"; },
            {"spec.retention", "'336'"}}));

}  // namespace
}  // namespace profiling::specs
