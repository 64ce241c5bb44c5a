#include "controllers/specs/alloy_config.h"

#include <algorithm>
#include <vector>

#include "operator/api/v1alpha1/common.h"

namespace profiling::specs {
namespace {

using Names = std::vector<std::string>;

// On a namespace: nothing in it is touched, and the chart's webhook never sees its pods.
constexpr std::string_view kExcludeKey = "profiling.dev/exclude";
// Rules cannot loop: they replace this many characters of a name as inject::ServiceName does.
constexpr int kReplacedCharacters = 8;

struct Rule {
  Names sources;
  std::string regex;
  std::string target;       // empty: the rule keeps or drops
  std::string replacement;  // of `target`
  std::string action;       // empty: replace
  std::string separator = ";";
};

// As Prometheus sanitizes label names (util/strutil, SanitizeLabelName).
std::string meta(std::string_view prefix, std::string_view key) {
  std::string name = "__meta_kubernetes_" + std::string(prefix);
  for (const char c : key) {
    const bool known =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    name += known ? c : '_';
  }
  return name;
}
std::string podLabel(std::string_view key) {
  return meta("pod_label_", key);
}
std::string podAnnotation(std::string_view key) {
  return meta("pod_annotation_", key);
}

std::string literally(std::string_view text) {
  std::string regex;
  for (const char c : text) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) regex += '\\';
    regex += c;
  }
  return regex;
}

Rule keep(Names sources, std::string regex, std::string separator = ";") {
  return {std::move(sources), std::move(regex), "", "", "keep", std::move(separator)};
}
Rule drop(std::string source, std::string regex) {
  return {{std::move(source)}, std::move(regex), "", "", "drop"};
}
// If two rules set one target, the later wins where it matches.
Rule set(std::string target, Names sources, std::string regex = "(.+)",
         std::string replacement = "$1") {
  return {std::move(sources), std::move(regex), std::move(target), std::move(replacement), ""};
}

void chooseContainers(const api::EbpfSettings& settings, std::string_view operator_namespace,
                      std::vector<Rule>& rules) {
  rules.push_back(keep({meta("", "pod_phase")}, "Running"));
  rules.push_back(keep({meta("", "pod_container_id")}, ".+"));
  if (settings.namespaces.empty()) {
    std::string excluded = literally(operator_namespace);
    for (const std::string& name : settings.excluded_namespaces) excluded += "|" + literally(name);
    rules.push_back(drop(meta("", "namespace"), excluded));
  }
  rules.push_back(drop(meta("namespace_labelpresent_", kExcludeKey), "true"));
  rules.push_back(drop(meta("pod_labelpresent_", api::kProfiledKey), "true"));
  const std::string of_pod = podAnnotation(api::kInjectKey);
  const std::string of_namespace = meta("namespace_annotation_", api::kInjectKey);
  rules.push_back(drop(of_pod, "false"));
  rules.push_back(drop(of_namespace, "false"));
  if (settings.opt_in == api::EbpfOptIn::kAnnotated) {
    rules.push_back(keep({of_pod, of_namespace}, ".+", ""));
  }
}

// The tags of inject::Tags, and the workload as in inject::workloadOf().
void tag(std::vector<Rule>& rules) {
  const std::string kind = meta("", "pod_controller_kind");
  const std::string controller = meta("", "pod_controller_name");
  rules.push_back(set("namespace", {meta("", "namespace")}));
  rules.push_back(set("pod", {meta("", "pod_name")}));
  rules.push_back(set("container", {meta("", "pod_container_name")}));
  rules.push_back(set("node", {meta("", "pod_node_name")}));
  rules.push_back(set("workload", {meta("", "pod_name")}));
  rules.push_back(set("workload", {controller}));
  for (const char* key : {"pod-template-hash", "rollouts-pod-template-hash"}) {
    rules.push_back(
        set("workload", {kind, controller, podLabel(key)}, "ReplicaSet;(.+)-[^-;]+;.+"));
  }
  rules.push_back(set("workload", {kind, controller}, "Job;(.+)-[0-9]{8}"));
  for (const char* key :
       {"controller-revision-hash", "rollouts-pod-template-hash", "pod-template-hash"}) {
    rules.push_back(set("template_hash", {podLabel(key)}));
  }
  rules.push_back(set("version", {podLabel("app.kubernetes.io/version")}));
}

// The precedence of inject::ServiceName, last source first, without the policy's settings.
void nameService(std::vector<Rule>& rules) {
  const std::string target = "service_name";
  for (const std::string& source : {
           meta("", "pod_container_name"),
           meta("", "pod_name"),
           std::string("workload"),
           podLabel("app.kubernetes.io/name"),
           podLabel("app.kubernetes.io/instance"),
           podAnnotation("resource.opentelemetry.io/service.name"),
           podAnnotation("profiles.grafana.com/service_name"),
           podAnnotation(api::kServiceNameKey),
       }) {
    rules.push_back(set(target, {source}, R"([ \t\r\n]*(.*[^ \t\r\n])[ \t\r\n]*)"));
  }
  rules.push_back(set(target, {target}, "(.{128}).+"));
  for (int i = 0; i < kReplacedCharacters; ++i) {
    rules.push_back(set(target, {target}, "([A-Za-z0-9._/-]*)[^A-Za-z0-9._/-](.*)", "${1}_${2}"));
  }
}

std::string list(const Names& names) {
  std::string out = "[";
  for (const std::string& name : names) {
    if (out.size() > 1) out += ", ";
    out += alloyString(name);
  }
  return out + "]";
}

std::string render(const Rule& rule) {
  std::string out = "\n  rule {\n";
  const auto line = [&](const char* name, const std::string& value) {
    out += "    " + std::string(name) + " = " + value + "\n";
  };
  if (!rule.action.empty()) line("action", alloyString(rule.action));
  line("source_labels", list(rule.sources));
  if (rule.separator != ";") line("separator", alloyString(rule.separator));
  line("regex", alloyString(rule.regex));
  if (!rule.target.empty()) {
    line("target_label", alloyString(rule.target));
    line("replacement", alloyString(rule.replacement));
  }
  return out + "  }\n";
}

}  // namespace

std::string alloyString(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    }
  }
  return out + "\"";
}

std::string alloyConfig(const api::EbpfSettings& settings, std::string_view server_url,
                        std::string_view operator_namespace) {
  std::vector<Rule> rules;
  chooseContainers(settings, operator_namespace, rules);
  tag(rules);
  nameService(rules);

  std::string out = "// Written by profiling-operator; what is changed here is put back.\n\n";
  out += "discovery.kubernetes \"pods\" {\n  role = \"pod\"\n\n";
  if (!settings.namespaces.empty()) {
    out += "  namespaces {\n    names = " + list(settings.namespaces) + "\n  }\n\n";
  }
  out += "  selectors {\n    role  = \"pod\"\n    field = \"spec.nodeName=\" + sys.env(" +
         alloyString(kAlloyNodeEnv) + ")\n  }\n\n";
  // A namespace may also opt out, or opt its pods in.
  out += "  attach_metadata {\n    namespace = true\n  }\n}\n\n";
  out += "discovery.relabel \"containers\" {\n  targets = discovery.kubernetes.pods.targets\n";
  for (const Rule& rule : rules) out += render(rule);
  out += "}\n\n";
  // Lazy: on a node without a target nothing is loaded into the kernel. C++ and Rust names are sent
  // demangled.
  out += "pyroscope.ebpf \"node\" {\n  targets = discovery.relabel.containers.output\n";
  out += "  forward_to = [pyroscope.write.server.receiver]\n";
  out += "  sample_rate = " + std::to_string(settings.sample_hz) + "\n";
  out += "  collect_interval = " + alloyString(settings.collect_interval) + "\n";
  out += "  demangle = \"simplified\"\n  lazy_mode = true\n}\n\n";
  out += "pyroscope.write \"server\" {\n  endpoint {\n";
  out += "    url = " + alloyString(server_url) + "\n";
  if (!settings.tenant_id.empty()) {
    out += "    headers = {\"X-Scope-OrgID\" = " + alloyString(settings.tenant_id) + "}\n";
  }
  return out + "  }\n}\n";
}

}  // namespace profiling::specs
