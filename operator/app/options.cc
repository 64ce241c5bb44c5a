#include "operator/app/options.h"

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "operator/base/text.h"

namespace profiling::app {
namespace {

[[noreturn]] void refuse(const Status& why) {
  std::cerr << "profiling-operator: " << why.message() << "\n";
  std::exit(2);
}

struct RawCommon {
  std::string log_level = "info";
  std::string log_format = "text";
  std::string health = "[::]:8081";
};

void addCommon(CLI::App& command, RawCommon& raw, CommonOptions& common) {
  command.add_option("--log-level", raw.log_level, "debug, info, warn or error")
      ->capture_default_str();
  command.add_option("--log-format", raw.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      .add_option("--health-address", raw.health, "where /livez, /readyz and /metrics are served")
      ->capture_default_str();
  command.add_option("--kubeconfig", common.kubeconfig, "kubeconfig file; in-cluster by default");
  command.add_option("--context", common.kube_context, "context of the kubeconfig");
  command
      .add_option("--operator-namespace", common.operator_namespace,
                  "namespace of the operator itself")
      ->capture_default_str();
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const std::string token(api::languageToken(static_cast<api::Language>(i)));
    command.add_option("--agent-image-" + token, common.agents.at(i).image,
                       "image that carries the " + token + " agent");
    command.add_option("--agent-version-" + token, common.agents.at(i).version,
                       "version of the agent in it");
  }
  command
      .add_option("--agent-pull-policy", common.agent_pull_policy,
                  "imagePullPolicy of agent images")
      ->check(CLI::IsMember({"Always", "IfNotPresent", "Never"}))
      ->capture_default_str();
  command
      .add_option(
          "--native-sidecars", common.native_sidecars,
          "whether all nodes start native sidecars (1.29); Auto: by the API server's version")
      ->check(CLI::IsMember({"Auto", "Always", "Never"}))
      ->capture_default_str();
}

// Durations as Kubernetes components take them: "30s", "2m", "500ms".
struct LeaseFlags {
  std::int64_t duration_ms, renew_ms, retry_ms;

  void add(CLI::App& command, ControllerOptions& options) {
    duration_ms = Millis(options.lease.duration).count();
    renew_ms = options.lease.renew_deadline.count();
    retry_ms = options.lease.retry.count();
    const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1'000}, {"m", 60'000}};
    const auto duration = [&](const char* flag, std::int64_t& value, const char* text) {
      const std::string standard = std::to_string(value / 1'000) + "s";
      command.add_option(flag, value, std::string(text) + " [" + standard + "]")
          ->transform(
              CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"));
    };
    command
        .add_flag("--leader-elect,!--no-leader-elect", options.leader_elect,
                  "write only while holding a Lease; needed with more than one replica")
        ->capture_default_str();
    command.add_option("--leader-elect-lease-name", options.lease_name, "name of that Lease")
        ->capture_default_str();
    duration("--leader-elect-lease-duration", duration_ms,
             "how long others wait after the last renewal they saw");
    duration("--leader-elect-renew-deadline", renew_ms,
             "how long the leader goes on without a renewal");
    duration("--leader-elect-retry-period", retry_ms, "time between two renewals");
  }

  void finish(ControllerOptions& options) const {
    options.lease.duration = std::chrono::seconds(duration_ms / 1'000);
    options.lease.renew_deadline = Millis(renew_ms);
    options.lease.retry = Millis(retry_ms);
    if (const Status bad = kube::checkTiming(options.lease); !bad.ok()) refuse(bad);
  }
};

ListenAddress listenAddress(const std::string& flag, const std::string& text) {
  auto address = parseListenAddress(text);
  if (!address.ok()) refuse(address.status().annotated(flag));
  return *std::move(address);
}

void finish(const RawCommon& raw, CommonOptions& common, bool needs_agents) {
  const auto level = log::parseLevel(raw.log_level);
  if (!level.ok()) refuse(level.status().annotated("--log-level"));
  common.log_level = *level;
  common.log_format = raw.log_format == "json" ? log::Format::kJson : log::Format::kText;
  common.health = listenAddress("--health-address", raw.health);
  if (!needs_agents) return;
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    if (!common.agents.at(i).image.empty()) continue;
    if (api::agentIsOptional(static_cast<api::Language>(i))) continue;
    refuse(Status(Code::kInvalidArgument,
                  "--agent-image-" +
                      std::string(api::languageToken(static_cast<api::Language>(i))) +
                      " is required: the image that carries that agent"));
  }
}

}  // namespace

Result<ListenAddress> parseListenAddress(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Status(Code::kInvalidArgument,
                  "address '" + printable(text) + "' " + std::string(why) +
                      ": must look like '[::]:8443', '0.0.0.0:8443' or ':8443'");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("has no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad("holds an IPv6 address without brackets");
  ListenAddress address;
  address.host = host.empty() ? "::" : std::string(host);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return bad("has a port that is not a number from 0 to 65535");
  }
  return address;
}

Options parseOptions(int argc, char** argv) {
  CLI::App app("Rolls continuous profiling out over a Kubernetes cluster, safely.",
               "profiling-operator");
  app.set_version_flag("--version", std::string(PROFILING_VERSION));
  app.require_subcommand(1);

  RawCommon raw;
  WebhookOptions webhook;
  std::string listen = "[::]:8443";
  std::int64_t delay_ms = webhook.shutdown_delay.count();
  CLI::App* webhook_command = app.add_subcommand("webhook", "Serve the mutating admission webhook");
  addCommon(*webhook_command, raw, webhook.common);
  webhook_command->add_option("--listen", listen, "where the webhook is served")
      ->capture_default_str();
  webhook_command->add_option("--tls-dir", webhook.tls_dir, "folder with tls.crt and tls.key")
      ->capture_default_str();
  webhook_command->add_option("--threads", webhook.threads, "I/O threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  webhook_command
      ->add_option("--replicas", webhook.replicas,
                   "Webhook processes: together they share out the pods of a rollout's step")
      ->check(CLI::Range(1, 100));
  webhook_command
      ->add_option("--shutdown-delay-ms", delay_ms,
                   "how long to serve after readiness was taken back")
      ->check(CLI::Range(0, 120'000))
      ->capture_default_str();

  ControllerOptions controller;
  CLI::App* controller_command = app.add_subcommand("controller", "Run the controllers");
  addCommon(*controller_command, raw, controller.common);
  controller_command
      ->add_option("--webhook-service", controller.webhook_service, "Service of the webhook")
      ->capture_default_str();
  controller_command
      ->add_option(
          "--webhook-configuration", controller.webhook_configuration,
          "MutatingWebhookConfiguration and ValidatingWebhookConfiguration whose caBundle is kept")
      ->capture_default_str();
  controller_command
      ->add_option("--certificate-secret", controller.certificate_secret,
                   "Secret with the webhook's certificate")
      ->capture_default_str();
  controller_command
      ->add_option("--ca-configmap", controller.ca_configmap,
                   "ConfigMap in which the CA is published")
      ->capture_default_str();

  LeaseFlags lease;
  lease.add(*controller_command, controller);
  controller_command
      ->add_option("--max-restarting-workloads", controller.max_restarting,
                   "Workloads of all policies whose pods may be replaced at one time; 0: no limit")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  controller_command->add_option(
      "--server-address", controller.server_addresses,
      "NAMESPACE/NAME=HOST:PORT: where a storage server is asked instead of at its Service");
  std::int64_t watch_timeout = controller.watch_timeout.count();
  controller_command
      ->add_option("--watch-timeout", watch_timeout,
                   "how long a watch lasts at least before it is begun anew, and how soon a dead "
                   "connection is noticed [5m]")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}},
                                        CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"))
      ->check(CLI::Range(1, 300));
  controller_command->add_option(
      "--owner-deployment", controller.owner_deployment,
      "Deployment that owns the certificate objects, so that uninstalling removes them");

  std::string ebpf;
  controller_command->add_option(
      "--ebpf", ebpf,
      "JSON: profile the processes of nodes with eBPF, so; without it what was made for that goes");
  controller_command
      ->add_option("--ebpf-daemonset", controller.ebpf_daemonset,
                   "DaemonSet that does it; its ConfigMap and ServiceAccount have the same name")
      ->capture_default_str();

  CheckWebhookOptions check;
  std::string address;
  std::int64_t timeout_ms = check.timeout.count();
  CLI::App* check_command =
      app.add_subcommand("check-webhook", "Ask a webhook for a dry-run admission");
  check_command->add_option("--address", address, "HOST:PORT of the webhook")->required();
  check_command
      ->add_option("--server-name", check.server_name, "name that its certificate must carry")
      ->required();
  check_command->add_option("--ca", check.ca_file, "PEM file of the CA that signed it")->required();
  check_command->add_option("--timeout-ms", timeout_ms, "how long to keep trying")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();

  // Only for --help: main hands it over before anything is parsed.
  app.add_subcommand("cli", "Show and steer rollouts, for people; the same as kubectl-profiling");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    std::exit(app.exit(e));
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    std::exit(2);
  }

  if (webhook_command->parsed()) {
    finish(raw, webhook.common, true);
    webhook.listen = listenAddress("--listen", listen);
    webhook.shutdown_delay = std::chrono::milliseconds(delay_ms);
    return webhook;
  }
  if (controller_command->parsed()) {
    finish(raw, controller.common, true);
    lease.finish(controller);
    controller.watch_timeout = std::chrono::seconds(watch_timeout);
    if (!ebpf.empty()) {
      auto settings = api::ebpfSettingsFromJson(ebpf);
      if (!settings.ok()) refuse(settings.status().annotated("--ebpf"));
      controller.ebpf = *std::move(settings);
    }
    return controller;
  }
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    refuse(Status(Code::kInvalidArgument,
                  "--address '" + printable(address) + "' must look like 'HOST:PORT'"));
  }
  check.address = listenAddress("--address", address);
  check.timeout = std::chrono::milliseconds(timeout_ms);
  return check;
}

}  // namespace profiling::app
