#include "operator/kube/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/encoding.h"

namespace profiling::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCa = "-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----\n";
constexpr const char* kKey = "-----BEGIN EC PRIVATE KEY-----\nS0VZ\n-----END EC PRIVATE KEY-----\n";

// Sets a variable of the environment for the time of one test.
class ScopedEnv {
 public:
  ScopedEnv(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedEnv() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  ScopedEnv(const ScopedEnv&) = delete;
  ScopedEnv& operator=(const ScopedEnv&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

struct ConfigTest : ::testing::Test {
  std::filesystem::path folder;
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "kube_config_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
  // A kubeconfig whose cluster and user hold the given lines (flow style).
  std::string kubeconfig(const std::string& cluster, const std::string& user,
                         const std::string& name = "config") {
    return write(name,
                 "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                 "contexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]\n"
                 "clusters: [{name: k, cluster: {" +
                     cluster +
                     "}}]\n"
                     "users: [{name: u, user: {" +
                     user + "}}]\n");
  }
  std::string goodCluster() const {
    return "server: 'https://10.0.0.1:6443/', certificate-authority-data: " + base64Encode(kCa);
  }
  Status error(const std::string& cluster, const std::string& user) {
    const auto config = kubeconfigFile(kubeconfig(cluster, user));
    return config.status();
  }
};

TEST_F(ConfigTest, InlineDataAndToken) {
  const auto config =
      kubeconfigFile(kubeconfig(goodCluster() + ", tls-server-name: api", "token: t0"));
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->base_url, "https://10.0.0.1:6443");
  EXPECT_EQ(config->ca_pem, kCa);
  EXPECT_EQ(config->token, "t0");
  EXPECT_EQ(config->namespace_, "shop");
  EXPECT_EQ(config->tls_server_name, "api");
  EXPECT_TRUE(config->token_file.empty());
}

TEST_F(ConfigTest, FilesAreRelativeToTheKubeconfig) {
  write("pki/ca.crt", kCa);
  write("pki/me.crt", kCa);
  write("pki/me.key", kKey);
  const auto config = kubeconfigFile(
      kubeconfig("server: 'https://h:1', certificate-authority: pki/ca.crt",
                 "tokenFile: pki/token, token: ignored, client-certificate: pki/me.crt, "
                 "client-key: pki/me.key"));
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->ca_pem, kCa);
  EXPECT_EQ(config->client_cert_pem, kCa);
  EXPECT_EQ(config->client_key_pem, kKey);
  EXPECT_EQ(config->token_file, (folder / "pki/token").string());
  EXPECT_TRUE(config->token.empty()) << "the file wins, for it rotates";
}

TEST_F(ConfigTest, InlineDataWinsOverAFile) {
  const auto config = kubeconfigFile(
      kubeconfig(goodCluster() + ", certificate-authority: /does/not/exist", "token: t"));
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->ca_pem, kCa);
}

TEST_F(ConfigTest, PluginsAreRefusedByNameWithWhatIsAllowed) {
  const Status exec = error(goodCluster(), "exec: {command: aws-iam, args: [canary]}");
  EXPECT_EQ(exec.code(), Code::kInvalidArgument);
  EXPECT_THAT(exec.message(), HasSubstr("users['u'].user.exec"));
  EXPECT_THAT(exec.message(), HasSubstr("'aws-iam'"));
  EXPECT_THAT(exec.message(), HasSubstr("allowed are token, tokenFile"));
  EXPECT_THAT(exec.message(), Not(HasSubstr("canary")));
  EXPECT_THAT(error(goodCluster(), "auth-provider: {name: gcp}").message(),
              HasSubstr("auth-provider: 'gcp'"));
  EXPECT_THAT(error(goodCluster(), "username: a, password: canary").message(),
              ::testing::AllOf(HasSubstr("user.username"), Not(HasSubstr("canary"))));
  EXPECT_THAT(error(goodCluster(), "token: t, as: admin").message(), HasSubstr("user.as "));
}

TEST_F(ConfigTest, AnUnverifiedServerIsRefused) {
  const std::string ca = ", certificate-authority-data: " + base64Encode(kCa);
  EXPECT_THAT(error("server: 'http://h:1'" + ca, "token: t").message(),
              HasSubstr("cluster.server: 'http://h:1' must look like"));
  EXPECT_THAT(error("server: 'https://h:1', insecure-skip-tls-verify: true", "token: t").message(),
              HasSubstr("insecure-skip-tls-verify"));
  EXPECT_THAT(error("server: 'https://h:1'", "token: t").message(),
              HasSubstr("needs certificate-authority"));
  EXPECT_THAT(error(goodCluster() + ", proxy-url: 'http://p'", "token: t").message(),
              HasSubstr("proxy-url"));
  EXPECT_THAT(error("server: 'https://h:1/k8s/c-1'" + ca, "token: t").message(),
              HasSubstr("must have no path"));
  EXPECT_THAT(error("certificate-authority-data: x", "token: t").message(),
              HasSubstr("server: '' must look like"));
}

TEST_F(ConfigTest, WrongCredentialsAreNamed) {
  EXPECT_THAT(error(goodCluster(), "").message(), HasSubstr("has no credential"));
  EXPECT_THAT(error(goodCluster(), "client-certificate-data: " + base64Encode(kCa)).message(),
              HasSubstr("needs both client-certificate and client-key"));
  EXPECT_THAT(
      error("server: 'https://h:1', certificate-authority-data: '%%%'", "token: t").message(),
      HasSubstr("certificate-authority-data must be base64"));
  EXPECT_THAT(error("server: 'https://h:1', certificate-authority-data: " + base64Encode("no pem"),
                    "token: t")
                  .message(),
              HasSubstr("PEM"));
  EXPECT_THAT(error(goodCluster(), "token: [a, b]").message(),
              HasSubstr("user.token must be a string"));
  const Status missing =
      error("server: 'https://h:1', certificate-authority: nope.crt", "token: t");
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("nope.crt"));
}

TEST_F(ConfigTest, ContextsAreChosenByName) {
  const std::string file = write("two",
                                 "contexts:\n"
                                 "- {name: a, context: {cluster: k, user: u}}\n"
                                 "- {name: b, context: {cluster: gone, user: u}}\n"
                                 "clusters: [{name: k, cluster: {" +
                                     goodCluster() +
                                     "}}]\n"
                                     "users: [{name: u, user: {token: t}}]\n");
  const auto a = kubeconfigFile(file, "a");
  ASSERT_TRUE(a.ok()) << a.status().toString();
  EXPECT_EQ(a->namespace_, "default");
  EXPECT_THAT(kubeconfigFile(file, "b").status().message(),
              HasSubstr("clusters has no 'gone'; there is 'k'"));
  EXPECT_THAT(kubeconfigFile(file, "z").status().message(),
              HasSubstr("contexts has no 'z'; there is 'a', 'b'"));
  EXPECT_THAT(kubeconfigFile(file).status().message(), HasSubstr("current-context is not set"));
}

TEST_F(ConfigTest, OtherFilesAreErrors) {
  EXPECT_EQ(kubeconfigFile((folder / "none").string()).status().code(), Code::kNotFound);
  EXPECT_EQ(kubeconfigFile(folder.string()).status().code(), Code::kInvalidArgument);
  for (const char* text :
       {"", "- a", "a: [", "\tx", "contexts: 3\ncurrent-context: c",
        "current-context: c\ncontexts: [3, {name: [x]}, {name: c, context: 7}]", "a: &a [*a]"}) {
    const Status status = kubeconfigFile(write("bad", text)).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr("bad")) << text;
  }
  EXPECT_THAT(kubeconfigFile(write("big", std::string(2u << 20, 'x'))).status().message(),
              HasSubstr("1 MiB"));
}

TEST_F(ConfigTest, InClusterReadsTheServiceAccount) {
  const ScopedEnv host("KUBERNETES_SERVICE_HOST", "10.96.0.1");
  const ScopedEnv port("KUBERNETES_SERVICE_PORT", "443");
  write("ca.crt", kCa);
  write("token", "t");
  write("namespace", "profiling-system\n");
  const auto config = inClusterConfig(folder.string());
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->base_url, "https://10.96.0.1:443");
  EXPECT_EQ(config->namespace_, "profiling-system");
  EXPECT_EQ(config->token_file, folder.string() + "/token");
  EXPECT_TRUE(config->token.empty()) << "read for each request, for it rotates";
}

TEST_F(ConfigTest, InClusterDialsIpv6ByName) {
  const ScopedEnv host("KUBERNETES_SERVICE_HOST", "fd00::1");
  const ScopedEnv port("KUBERNETES_SERVICE_PORT", "443");
  write("ca.crt", kCa);
  write("token", "t");
  const auto config = inClusterConfig(folder.string());
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->base_url, "https://kubernetes.default.svc:443");
  EXPECT_EQ(config->namespace_, "default");
}

TEST_F(ConfigTest, InClusterErrorsNameTheMissingPart) {
  const ScopedEnv host("KUBERNETES_SERVICE_HOST", "10.0.0.1");
  {
    const ScopedEnv port("KUBERNETES_SERVICE_PORT", "70000");
    EXPECT_THAT(inClusterConfig(folder.string()).status().message(),
                HasSubstr("KUBERNETES_SERVICE_PORT='70000'"));
  }
  const ScopedEnv port("KUBERNETES_SERVICE_PORT", "443");
  EXPECT_THAT(inClusterConfig(folder.string()).status().message(), HasSubstr("ca.crt"));
  write("ca.crt", "not pem");
  EXPECT_THAT(inClusterConfig(folder.string()).status().message(), HasSubstr("PEM"));
  write("ca.crt", kCa);
  EXPECT_THAT(inClusterConfig(folder.string()).status().message(), HasSubstr("/token"));
  const ScopedEnv none("KUBERNETES_SERVICE_HOST", "");
  EXPECT_THAT(inClusterConfig(folder.string()).status().message(),
              HasSubstr("KUBERNETES_SERVICE_HOST is not set"));
}

TEST_F(ConfigTest, LoadConfigPrefersTheFlagThenTheEnvironmentThenHome) {
  const ScopedEnv host("KUBERNETES_SERVICE_HOST", "");
  const std::string flag = kubeconfig(goodCluster(), "token: flag", "flag");
  const std::string listed = kubeconfig(goodCluster(), "token: listed", "listed");
  kubeconfig(goodCluster(), "token: home", ".kube/config");
  const ScopedEnv home("HOME", folder.string());
  {
    const ScopedEnv env("KUBECONFIG", "/does/not/exist:" + listed);
    EXPECT_EQ(loadConfig(flag)->token, "flag");
    EXPECT_EQ(loadConfig("")->token, "listed");
  }
  const ScopedEnv env("KUBECONFIG", "");
  EXPECT_EQ(loadConfig("")->token, "home");
  std::filesystem::remove(folder / ".kube/config");
  const Status none = loadConfig("").status();
  EXPECT_EQ(none.code(), Code::kNotFound);
  EXPECT_THAT(none.message(), HasSubstr("/.kube/config"));
}

TEST_F(ConfigTest, SeveralFilesAreMergedAndTheFirstWins) {
  const ScopedEnv host("KUBERNETES_SERVICE_HOST", "");
  const std::string first =
      write("one", "current-context: c\nusers: [{name: u, user: {token: first}}]\n");
  const std::string second = kubeconfig(goodCluster(), "token: second", "two");
  const ScopedEnv env("KUBECONFIG", first + ":" + second);
  const auto config = loadConfig("");
  ASSERT_TRUE(config.ok()) << config.status().toString();
  EXPECT_EQ(config->token, "first");
  EXPECT_EQ(config->base_url, "https://10.0.0.1:6443");
}

}  // namespace
}  // namespace profiling::kube
