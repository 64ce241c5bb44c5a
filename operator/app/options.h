// Command line of the binary: parses flags into plain settings, one struct for each sub-command.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "operator/api/ebpf_settings.h"
#include "operator/api/effective.h"
#include "operator/base/log.h"
#include "operator/kube/lease.h"

namespace profiling::app {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

struct CommonOptions {
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  ListenAddress health{"::", 8081};
  std::string kubeconfig;
  std::string kube_context;
  std::string operator_namespace = "profiling-system";
  api::AgentImages agents;
  std::string agent_pull_policy = "IfNotPresent";
  std::vector<std::string> agent_pull_secrets;
  std::array<bool, api::kLanguageCount> arm64_images{};  // by Language
  std::string native_sidecars = "Auto";                  // or Always, Never
  std::vector<std::string> excluded_namespaces;  // besides the system's and the operator's own
};

struct WebhookOptions {
  CommonOptions common;
  bool watch_nodes = true;
  ListenAddress listen{"::", 8443};
  std::string tls_dir = "/var/run/profiling-operator/tls";  // tls.crt, tls.key
  std::string client_ca;                                    // file; empty: any client is answered
  int threads = 2;
  int replicas = 1;  // of the webhook: each admits its part of a rollout step's pods
  std::chrono::seconds refusal_hold{300};           // the first of an owner whose pods are refused
  std::chrono::milliseconds shutdown_delay{5'000};  // of serving after readiness is withdrawn
};

struct ControllerOptions {
  CommonOptions common;
  std::string webhook_service = "profiling-operator-webhook";
  std::string webhook_deployment;  // empty: its pods are taken for ready
  std::string webhook_configuration = "profiling-operator";
  std::string certificate_secret = "profiling-operator-tls";
  std::string ca_configmap = "profiling-operator-ca";
  bool leader_elect = true;
  std::string lease_name = "profiling-operator-controller";
  kube::LeaseTiming lease;
  std::chrono::seconds watch_timeout{300};  // a watch ends after once to twice this
  bool restarts = true;                     // granted by the administrator
  std::int64_t max_restarting = 20;         // workloads of all policies; 0: no limit
  // "namespace/name" of a storage server to "host:port".
  std::map<std::string, std::string, std::less<>> server_addresses;
  std::string owner_deployment;           // owns the objects made here; empty: they stay
  std::optional<api::EbpfSettings> ebpf;  // absent: nodes are not profiled
  std::string ebpf_daemonset = "profiling-operator-ebpf";  // and its ConfigMap and ServiceAccount
};

// Posts a dry-run AdmissionReview to a webhook, as the API server would, and prints the verdict.
struct CheckWebhookOptions {
  ListenAddress address;
  std::string server_name;
  std::string ca_file;
  std::chrono::milliseconds timeout{30'000};
};

using Options = std::variant<WebhookOptions, ControllerOptions, CheckWebhookOptions>;

// Exits with 0 after --help or --version, and with 2 and one line on stderr when a flag is wrong.
Options parseOptions(int argc, char** argv);

// "[::]:8443", "0.0.0.0:8443", ":8443" (all addresses); the port may be 0 (any free one).
Result<ListenAddress> parseListenAddress(std::string_view text);

}  // namespace profiling::app
