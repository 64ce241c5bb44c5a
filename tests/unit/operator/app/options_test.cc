#include "operator/app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::app {
namespace {

using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

Options parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "profiling-operator");
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  return parseOptions(static_cast<int>(argv.size()), argv.data());
}

const std::vector<std::string> kAgents{"--agent-image-java=j:1", "--agent-image-python=p:1",
                                       "--agent-image-node=n:1"};

std::vector<std::string> with(std::vector<std::string> first,
                              const std::vector<std::string>& more = kAgents) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

TEST(ListenAddress, AcceptsTheUsualForms) {
  EXPECT_EQ(parseListenAddress("[::]:8443")->host, "::");
  EXPECT_EQ(parseListenAddress(":8443")->host, "::");
  EXPECT_EQ(parseListenAddress("127.0.0.1:0")->port, 0);
  EXPECT_EQ(parseListenAddress("[::1]:65535")->port, 65535);
}

TEST(ListenAddress, NamesTheError) {
  for (const char* bad : {"", "8443", "::1:8443", "host:", "host:65536", "host:-1", "host:80x"}) {
    const auto address = parseListenAddress(bad);
    ASSERT_FALSE(address.ok()) << bad;
    EXPECT_THAT(address.status().message(), HasSubstr("must look like '[::]:8443'")) << bad;
  }
}

TEST(Options, WebhookFlagsSetItsOptions) {
  const Options options =
      parse(with({"webhook", "--listen=127.0.0.1:9443", "--log-format=json", "--log-level=debug",
                  "--threads=3", "--agent-version-java=2.1.2", "--shutdown-delay-ms=10"}));
  const auto& webhook = std::get<WebhookOptions>(options);
  EXPECT_EQ(webhook.listen.port, 9443);
  EXPECT_EQ(webhook.threads, 3);
  EXPECT_EQ(webhook.shutdown_delay.count(), 10);
  EXPECT_EQ(webhook.common.log_format, log::Format::kJson);
  EXPECT_EQ(webhook.common.log_level, log::Level::kDebug);
  EXPECT_EQ(webhook.common.agents.at(0).image, "j:1");
  EXPECT_EQ(webhook.common.agents.at(0).version, "2.1.2");
  EXPECT_EQ(webhook.common.agents.at(2).image, "n:1");
}

TEST(Options, NodesAndArm64ImagesAreTheAdministratorsChoice) {
  const auto plain = std::get<WebhookOptions>(parse(with({"webhook"})));
  EXPECT_TRUE(plain.watch_nodes);
  EXPECT_THAT(plain.common.arm64_images, ::testing::Each(false));
  const auto options = std::get<WebhookOptions>(
      parse(with({"webhook", "--no-watch-nodes", "--agent-arm64=python", "--agent-arm64=go"})));
  EXPECT_FALSE(options.watch_nodes);
  EXPECT_TRUE(options.common.arm64_images.at(static_cast<std::size_t>(api::Language::kPython)));
  EXPECT_TRUE(options.common.arm64_images.at(static_cast<std::size_t>(api::Language::kGo)));
  EXPECT_FALSE(options.common.arm64_images.at(static_cast<std::size_t>(api::Language::kJava)));
  EXPECT_EXIT(parse(with({"webhook", "--agent-arm64=cobol"})), ExitedWithCode(2), "cobol");
}

TEST(Options, WatchTimeoutIsFiveMinutesByDefault) {
  const auto timeout = [](std::vector<std::string> arguments) {
    return std::get<ControllerOptions>(parse(with(std::move(arguments)))).watch_timeout.count();
  };
  EXPECT_EQ(timeout({"controller"}), 300);
  EXPECT_EQ(timeout({"controller", "--watch-timeout=5s"}), 5);
  EXPECT_EQ(timeout({"controller", "--watch-timeout=2m"}), 120);
}

TEST(Options, ServerAddressesAreReadByNamespaceAndName) {
  const auto options = std::get<ControllerOptions>(
      parse(with({"controller", "--server-address=a/b=127.0.0.1:1", "--server-address=a/c=d:2"})));
  EXPECT_EQ(options.server_addresses.at("a/b"), "127.0.0.1:1");
  EXPECT_EQ(options.server_addresses.at("a/c"), "d:2");
}

TEST(Options, EbpfProfilingIsOffByDefault) {
  EXPECT_FALSE(std::get<ControllerOptions>(parse(with({"controller"}))).ebpf.has_value());
  const auto on = std::get<ControllerOptions>(
      parse(with({"controller", "--ebpf-daemonset=x",
                  R"(--ebpf={"image":"a:1","server":{"namespace":"n","name":"s"}})"})));
  ASSERT_TRUE(on.ebpf.has_value());
  EXPECT_EQ(on.ebpf->image, "a:1");
  EXPECT_EQ(on.ebpf_daemonset, "x");
}

TEST(OptionsDeathTest, WrongFlagsExitWithCodeTwoAndOneLine) {
  EXPECT_EXIT(parse({"webhook"}), ExitedWithCode(2), "--agent-image-java is required");
  EXPECT_EXIT(parse(with({"webhook", "--log-level=loud"})), ExitedWithCode(2),
              "log level 'loud' must be one of");
  EXPECT_EXIT(parse(with({"webhook", "--listen=8443"})), ExitedWithCode(2),
              "--listen: address '8443' has no port");
  EXPECT_EXIT(parse(with({"webhook", "--threads=0"})), ExitedWithCode(2), "--threads");
  EXPECT_EXIT(parse(with({"controller", "--agent-pull-policy=Sometimes"})), ExitedWithCode(2),
              "--agent-pull-policy");
  EXPECT_EXIT(parse(with({"controller", "--watch-timeout=6m"})), ExitedWithCode(2),
              "--watch-timeout");
  EXPECT_EXIT(parse(with({"controller", R"(--ebpf={"sampleHz":0})"})), ExitedWithCode(2),
              "--ebpf: at /: 'image' is required");
  EXPECT_EXIT(parse(with({"controller", "--server-address=shop/pyroscope"})), ExitedWithCode(2),
              "must look like NAMESPACE/NAME=HOST:PORT");
  EXPECT_EXIT(parse({"serve"}), ExitedWithCode(2), "");
  EXPECT_EXIT(parse({}), ExitedWithCode(2), "subcommand is required");
  EXPECT_EXIT(parse({"check-webhook", "--address=:443", "--server-name=x", "--ca=y"}),
              ExitedWithCode(2), "must look like 'HOST:PORT'");
  EXPECT_EXIT(parse({"--version"}), ExitedWithCode(0), "");
}

}  // namespace
}  // namespace profiling::app
