#include "operator/app/options.h"

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include "operator/base/names.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::app {
namespace {

// Flags that the command-line library reads as text or numbers, and their defaults.
struct RawCommon {
  std::string log_level = "info";
  std::string log_format = "text";
  std::string health = "[::]:8081";
  std::vector<std::string> arm64;
};

struct WebhookFlags {
  WebhookOptions options;
  RawCommon common;
  std::string listen = "[::]:8443";
  std::int64_t delay_ms = options.shutdown_delay.count();
  std::int64_t refusal_hold_s = options.refusal_hold.count();
};

struct ControllerFlags {
  ControllerOptions options;
  RawCommon common;
  std::int64_t lease_duration_ms = Millis(options.lease.duration).count();
  std::int64_t lease_renew_ms = options.lease.renew_deadline.count();
  std::int64_t lease_retry_ms = options.lease.retry.count();
  std::int64_t watch_timeout_s = options.watch_timeout.count();
  std::vector<std::string> server_addresses;
  std::string ebpf;
};

struct CheckFlags {
  CheckWebhookOptions options;
  std::string address;
  std::int64_t timeout_ms = options.timeout.count();
};

using Units = std::map<std::string, std::int64_t>;

// Durations in the format of Kubernetes components: "30s", "2m", "500ms".
CLI::AsNumberWithUnit duration(const Units& units) {
  return CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION");
}

CLI::Validator objectName() {
  return {[](const std::string& name) {
            return isDnsSubdomain(name)
                       ? std::string()
                       : strCat("'", name, "' must be lower case letters, digits, '-' and '.'");
          },
          "NAME", "objectName"};
}

[[noreturn]] void refuse(const Status& why) {
  std::cerr << "profiling-operator: " << why.message() << "\n";
  std::exit(2);
}

void addArm64(CLI::App& command, std::vector<std::string>& tokens) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    known.emplace_back(api::languageToken(static_cast<api::Language>(i)));
  }
  command
      .add_option("--agent-arm64", tokens,
                  "language whose agent image has an arm64 variant; may be repeated. Pods that may "
                  "start on an arm64 node are skipped for the others")
      ->check(CLI::IsMember(known));
}

void addCommon(CLI::App& command, RawCommon& raw, CommonOptions& common) {
  command.add_option("--log-level", raw.log_level, "debug, info, warn or error")
      ->capture_default_str();
  command.add_option("--log-format", raw.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      .add_option("--health-address", raw.health,
                  "address that serves /livez, /readyz and /metrics")
      ->capture_default_str();
  command.add_option("--kubeconfig", common.kubeconfig,
                     "kubeconfig file; default: the pod's service account");
  command.add_option("--context", common.kube_context, "context of the kubeconfig");
  command
      .add_option("--operator-namespace", common.operator_namespace,
                  "namespace that the operator runs in")
      ->capture_default_str();
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    const std::string token(api::languageToken(language));
    const bool scraped = language == api::Language::kGo || language == api::Language::kNative;
    command.add_option("--agent-image-" + token, common.agents.at(i).image,
                       scraped ? "image with the pprof sidecar for " + token
                               : "image with the " + token + " agent");
    command.add_option("--agent-version-" + token, common.agents.at(i).version,
                       scraped ? "version of that sidecar" : "version of that agent");
  }
  addArm64(command, raw.arm64);
  command
      .add_option("--agent-pull-policy", common.agent_pull_policy,
                  "imagePullPolicy of agent images")
      ->check(CLI::IsMember({"Always", "IfNotPresent", "Never"}))
      ->capture_default_str();
  command
      .add_option("--agent-pull-secrets", common.agent_pull_secrets,
                  "names of Secrets that pods with an agent pull its image with, separated by "
                  "commas; they have to exist in the pods' namespaces")
      ->delimiter(',')
      ->check(objectName());
  command
      .add_option("--native-sidecars", common.native_sidecars,
                  "whether every node supports native sidecars (Kubernetes 1.29 and later); Auto "
                  "decides by the API server's version")
      ->check(CLI::IsMember({"Auto", "Always", "Never"}))
      ->capture_default_str();
  command
      .add_option("--excluded-namespaces", common.excluded_namespaces,
                  "namespaces that the webhook's configuration leaves out, separated by commas")
      ->delimiter(',');
}

CLI::App* addWebhook(CLI::App& app, WebhookFlags& flags) {
  CLI::App* command = app.add_subcommand("webhook", "Serve the admission webhooks");
  addCommon(*command, flags.common, flags.options.common);
  command->add_option("--listen", flags.listen, "address that serves the webhook")
      ->capture_default_str();
  command->add_option("--tls-dir", flags.options.tls_dir, "folder with tls.crt and tls.key")
      ->capture_default_str();
  command->add_option("--client-ca", flags.options.client_ca,
                      "PEM file with the CAs of client certificates; without it, a client needs no "
                      "certificate");
  command->add_option("--threads", flags.options.threads, "number of I/O threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option("--replicas", flags.options.replicas,
                   "number of webhook processes; each admits its share of a rollout step's pods")
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--refusal-hold", flags.refusal_hold_s,
                   "how long an owner gets pods without an agent after the API server refused one "
                   "of its pods; four times as long after each further refusal [5m]")
      ->transform(duration({{"s", 1}, {"m", 60}}))
      ->check(CLI::Range(1, 86'400));
  command
      ->add_flag("--watch-nodes,!--no-watch-nodes", flags.options.watch_nodes,
                 "watch the labels of nodes, to leave pods alone that may start on a node without "
                 "an agent image")
      ->capture_default_str();
  command
      ->add_option("--shutdown-delay-ms", flags.delay_ms,
                   "milliseconds to keep serving after readiness is withdrawn")
      ->check(CLI::Range(0, 120'000))
      ->capture_default_str();
  return command;
}

void addLease(CLI::App& command, ControllerFlags& flags) {
  static const Units kUnits{{"ms", 1}, {"s", 1'000}, {"m", 60'000}};
  const auto add = [&](const char* flag, std::int64_t& milliseconds, std::string_view text) {
    command.add_option(flag, milliseconds, strCat(text, " [", milliseconds / 1'000, "s]"))
        ->transform(duration(kUnits));
  };
  command
      .add_flag("--leader-elect,!--no-leader-elect", flags.options.leader_elect,
                "write only while holding a Lease; required with more than one replica")
      ->capture_default_str();
  command.add_option("--leader-elect-lease-name", flags.options.lease_name, "name of the Lease")
      ->capture_default_str();
  add("--leader-elect-lease-duration", flags.lease_duration_ms,
      "how long other replicas wait after the last renewal they observed");
  add("--leader-elect-renew-deadline", flags.lease_renew_ms,
      "how long the leader keeps leading without a successful renewal");
  add("--leader-elect-retry-period", flags.lease_retry_ms, "time between two renewals");
}

void addOwnObjects(CLI::App& command, ControllerOptions& options) {
  command.add_option("--webhook-service", options.webhook_service, "Service of the webhook")
      ->capture_default_str();
  command.add_option("--webhook-deployment", options.webhook_deployment,
                     "Deployment of the webhook in the operator's namespace; no pod is replaced "
                     "while none of its pods is ready");
  command
      .add_option("--webhook-configuration", options.webhook_configuration,
                  "name of the MutatingWebhookConfiguration and of the "
                  "ValidatingWebhookConfiguration whose caBundle the controller maintains")
      ->capture_default_str();
  command
      .add_option("--certificate-secret", options.certificate_secret,
                  "Secret that holds the webhook's certificate")
      ->capture_default_str();
  command
      .add_option("--ca-configmap", options.ca_configmap,
                  "ConfigMap in which the controller publishes the CA")
      ->capture_default_str();
  command.add_option("--owner-deployment", options.owner_deployment,
                     "Deployment that owns the certificate objects, so that uninstalling the "
                     "operator deletes them");
}

CLI::App* addController(CLI::App& app, ControllerFlags& flags) {
  static const Units kUnits{{"s", 1}, {"m", 60}};
  CLI::App* command = app.add_subcommand("controller", "Run the controllers");
  addCommon(*command, flags.common, flags.options.common);
  addOwnObjects(*command, flags.options);
  addLease(*command, flags);
  command
      ->add_flag(
          "--restarts", flags.options.restarts,
          "whether the account may restart pods: without that right, restart.mode Managed is "
          "taken for Never and the policy says so")
      ->capture_default_str();
  command
      ->add_option("--max-restarting-workloads", flags.options.max_restarting,
                   "number of workloads, over all policies, whose pods may be replaced at the same "
                   "time; 0: no limit")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--server-address", flags.server_addresses,
                      "NAMESPACE/NAME=HOST:PORT: query that storage server at this address instead "
                      "of its Service; may be repeated");
  command
      ->add_option("--watch-timeout", flags.watch_timeout_s,
                   "minimum duration of a watch before it is restarted; also bounds how late a "
                   "dead connection is noticed [5m]")
      ->transform(duration(kUnits))
      ->check(CLI::Range(1, 300));
  command->add_option(
      "--ebpf", flags.ebpf,
      "settings of eBPF profiling of nodes, as JSON; if unset, eBPF objects are deleted");
  command
      ->add_option("--ebpf-daemonset", flags.options.ebpf_daemonset,
                   "name of the eBPF DaemonSet, its ConfigMap and its ServiceAccount")
      ->capture_default_str();
  return command;
}

CLI::App* addCheck(CLI::App& app, CheckFlags& flags) {
  CLI::App* command = app.add_subcommand("check-webhook", "Send a webhook a dry-run admission");
  command->add_option("--address", flags.address, "HOST:PORT of the webhook")->required();
  command
      ->add_option("--server-name", flags.options.server_name,
                   "DNS name that the webhook's certificate must carry")
      ->required();
  command->add_option("--ca", flags.options.ca_file, "PEM file of the CA that signed it")
      ->required();
  command->add_option("--timeout-ms", flags.timeout_ms, "milliseconds to keep trying")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();
  return command;
}

ListenAddress listenAddress(const std::string& flag, const std::string& text) {
  auto address = parseListenAddress(text);
  if (!address.ok()) refuse(address.status().annotated(flag));
  return *std::move(address);
}

void finish(const RawCommon& raw, CommonOptions& common) {
  const auto level = log::parseLevel(raw.log_level);
  if (!level.ok()) refuse(level.status().annotated("--log-level"));
  common.log_level = *level;
  common.log_format = raw.log_format == "json" ? log::Format::kJson : log::Format::kText;
  common.health = listenAddress("--health-address", raw.health);
  for (const std::string& token : raw.arm64) {
    if (const auto language = api::languageFromToken(token)) {
      common.arm64_images.at(static_cast<std::size_t>(*language)) = true;
    }
  }
  for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
    const auto language = static_cast<api::Language>(i);
    if (!common.agents.at(i).image.empty() || api::agentIsOptional(language)) continue;
    refuse(Status(Code::kInvalidArgument, strCat("--agent-image-", api::languageToken(language),
                                                 " is required: the image with that agent")));
  }
}

WebhookOptions finish(WebhookFlags flags) {
  finish(flags.common, flags.options.common);
  flags.options.listen = listenAddress("--listen", flags.listen);
  flags.options.shutdown_delay = Millis(flags.delay_ms);
  flags.options.refusal_hold = std::chrono::seconds(flags.refusal_hold_s);
  return std::move(flags.options);
}

void parseServerAddress(std::string_view text, ControllerOptions& options) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    refuse(Status(Code::kInvalidArgument, strCat("--server-address '", printable(text),
                                                 "' must look like NAMESPACE/NAME=HOST:PORT")));
  }
  options.server_addresses[std::string(text.substr(0, equals))] = text.substr(equals + 1);
}

ControllerOptions finish(ControllerFlags flags) {
  ControllerOptions& options = flags.options;
  finish(flags.common, options.common);
  options.lease.duration = std::chrono::seconds(flags.lease_duration_ms / 1'000);
  options.lease.renew_deadline = Millis(flags.lease_renew_ms);
  options.lease.retry = Millis(flags.lease_retry_ms);
  if (const Status bad = kube::checkTiming(options.lease); !bad.ok()) refuse(bad);
  options.watch_timeout = std::chrono::seconds(flags.watch_timeout_s);
  for (const std::string& text : flags.server_addresses) parseServerAddress(text, options);
  if (!flags.ebpf.empty()) {
    auto settings = api::ebpfSettingsFromJson(flags.ebpf);
    if (!settings.ok()) refuse(settings.status().annotated("--ebpf"));
    options.ebpf = *std::move(settings);
  }
  return std::move(options);
}

CheckWebhookOptions finish(CheckFlags flags) {
  const std::size_t colon = flags.address.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    refuse(Status(Code::kInvalidArgument,
                  strCat("--address '", printable(flags.address), "' must look like 'HOST:PORT'")));
  }
  flags.options.address = listenAddress("--address", flags.address);
  flags.options.timeout = Millis(flags.timeout_ms);
  return std::move(flags.options);
}

}  // namespace

Result<ListenAddress> parseListenAddress(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Status(Code::kInvalidArgument,
                  strCat("address '", printable(text), "' ", why,
                         ": must look like '[::]:8443', '0.0.0.0:8443' or ':8443'"));
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
  WebhookFlags webhook;
  ControllerFlags controller;
  CheckFlags check;
  const CLI::App* webhook_command = addWebhook(app, webhook);
  const CLI::App* controller_command = addController(app, controller);
  addCheck(app, check);
  // Only for --help: main() runs this sub-command before anything is parsed.
  app.add_subcommand("cli", "Show and control rollouts; the same as kubectl-profiling");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    std::exit(app.exit(e));
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    std::exit(2);
  }
  if (webhook_command->parsed()) return finish(std::move(webhook));
  if (controller_command->parsed()) return finish(std::move(controller));
  return finish(std::move(check));
}

}  // namespace profiling::app
