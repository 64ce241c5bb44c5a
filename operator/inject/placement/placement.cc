#include "operator/inject/placement/placement.h"

#include <algorithm>

namespace profiling::inject {
namespace {

constexpr std::string_view kLinux = "linux", kAmd64 = "amd64";

bool contains(const std::vector<std::string_view>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}
void addOnce(std::vector<std::string_view>& list, std::string_view text) {
  if (!text.empty() && !contains(list, text)) list.push_back(text);
}

bool isOsKey(std::string_view key) {
  return key == "kubernetes.io/os" || key == "beta.kubernetes.io/os";
}
bool isArchKey(std::string_view key) {
  return key == "kubernetes.io/arch" || key == "beta.kubernetes.io/arch";
}

// Labels that every node has. Gt and Lt compare numbers, which these are not.
bool holds(const api::NodeRequirementView& r, std::string_view value) {
  if (r.op == "In") return contains(r.values, value);
  if (r.op == "NotIn") return !contains(r.values, value);
  return r.op == "Exists";
}

bool lets(const api::NodeTermView& term, std::string_view os, std::string_view arch) {
  return std::ranges::all_of(term.labels, [&](const api::NodeRequirementView& r) {
    if (isOsKey(r.key)) return holds(r, os);
    if (isArchKey(r.key)) return holds(r, arch);
    return true;
  });
}

// Whether the pod's selectors let it start on a node of that platform.
bool lets(const api::PodView& pod, std::string_view os, std::string_view arch) {
  for (const api::KeyValueView& item : pod.node_selector) {
    if (isOsKey(item.key) && item.value != os) return false;
    if (isArchKey(item.key) && item.value != arch) return false;
  }
  return pod.node_terms.empty() || std::ranges::any_of(pod.node_terms, [&](const auto& term) {
           return lets(term, os, arch);
         });
}

// The values that the pod's selectors and tolerations name for such a label.
std::vector<std::string_view> namedValues(const api::PodView& pod,
                                          bool (*is_key)(std::string_view)) {
  std::vector<std::string_view> out;
  for (const api::KeyValueView& item : pod.node_selector) {
    if (is_key(item.key)) addOnce(out, item.value);
  }
  for (const api::NodeTermView& term : pod.node_terms) {
    for (const api::NodeRequirementView& r : term.labels) {
      if (!is_key(r.key) || r.op != "In") continue;
      for (const std::string_view value : r.values) addOnce(out, value);
    }
  }
  for (const api::TolerationView& t : pod.tolerations) {
    if (is_key(t.key)) addOnce(out, t.value);
  }
  return out;
}

bool notLinux(const api::PodView& pod) {
  if (!pod.os_name.empty() && pod.os_name != kLinux) return true;
  if (pod.windows_options) return true;
  const bool tolerates = std::ranges::any_of(pod.tolerations, [](const api::TolerationView& t) {
    return t.value == "windows" && (t.key == "os" || t.key == "node.kubernetes.io/os");
  });
  if (tolerates) return true;
  const std::vector<std::string_view> named = namedValues(pod, isOsKey);
  if (named.empty() && pod.node_terms.empty()) return false;
  std::vector<std::string_view> archs = namedValues(pod, isArchKey);
  addOnce(archs, kAmd64);
  addOnce(archs, "other");  // NotIn [amd64]
  const auto runs = [&](std::string_view os) {
    return std::ranges::any_of(archs, [&](std::string_view arch) { return lets(pod, os, arch); });
  };
  return !runs(kLinux) ||
         std::ranges::any_of(named, [&](std::string_view os) { return os != kLinux && runs(os); });
}

// Whether fits(word) for a word between - _ and . of a name.
template <class Fits>
bool anyWord(std::string_view name, Fits fits) {
  while (!name.empty()) {
    const std::size_t end = name.find_first_of("-_.");
    if (fits(name.substr(0, end))) return true;
    if (end == std::string_view::npos) break;
    name.remove_prefix(end + 1);
  }
  return false;
}

bool runsWebAssembly(std::string_view runtime_class) {
  return anyWord(runtime_class, [](std::string_view word) {
    return word.starts_with("wasm") || word == "spin" || word == "slight" || word == "wws" ||
           word == "lunatic";
  });
}

// Nodes of a virtual kubelet run pods elsewhere. AWS Fargate is none: its nodes run a kubelet.
bool isForVirtualNode(const api::PodView& pod) {
  constexpr std::string_view kType = "type", kVirtual = "virtual-kubelet";
  if (pod.node_name.starts_with(kVirtual) || pod.node_name.starts_with("virtual-node")) return true;
  for (const api::KeyValueView& item : pod.node_selector) {
    if (item.key == kType && item.value == kVirtual) return true;
  }
  for (const api::NodeTermView& term : pod.node_terms) {
    for (const api::NodeRequirementView& r : term.labels) {
      if (r.key == kType && r.op == "In" && contains(r.values, kVirtual)) return true;
    }
  }
  return std::ranges::any_of(pod.tolerations, [](const api::TolerationView& t) {
    return t.key.starts_with("virtual-kubelet.io/") || t.key == "azure.com/aci";
  });
}

}  // namespace

std::optional<Reason> placementProblem(const api::PodView& pod) {
  if (notLinux(pod)) return Reason::kUnsupportedOS;
  const bool windows =
      anyWord(pod.runtime_class, [](std::string_view word) { return word == "windows"; });
  if (windows) return Reason::kUnsupportedOS;
  if (runsWebAssembly(pod.runtime_class) || isForVirtualNode(pod)) return Reason::kUnsupportedNode;
  return std::nullopt;
}

std::vector<std::string_view> architecturesOf(const api::PodView& pod, const NodeClasses* nodes) {
  std::vector<std::string_view> candidates = namedValues(pod, isArchKey), out;
  addOnce(candidates, kAmd64);
  if (nodes != nullptr) {
    for (const NodeClass& node : *nodes) {
      if (node.os.empty() || node.os == kLinux) addOnce(candidates, node.arch);
    }
  }
  for (const std::string_view arch : candidates) {
    if (lets(pod, kLinux, arch)) out.push_back(arch);
  }
  return out;
}

}  // namespace profiling::inject
