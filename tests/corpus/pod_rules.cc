#include "tests/corpus/pod_rules.h"

#include <algorithm>
#include <set>
#include <vector>

#include "operator/base/quantity.h"

namespace profiling::corpus {
namespace {

using nlohmann::json;

json at(const json& object, std::initializer_list<const char*> path) {
  json value = object;
  for (const char* key : path) {
    if (!value.is_object() || !value.contains(key)) return nullptr;
    value = json(value[key]);
  }
  return value;
}

double quantity(const json& value) {
  if (value.is_number()) return value.get<double>();
  return value.is_string() ? parseQuantity(value.get<std::string>()).value_or(0) : 0;
}

std::vector<json> containersOf(const json& pod, bool with_ephemeral = false) {
  std::vector<json> out;
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    if (!with_ephemeral && std::string_view(list) == "ephemeralContainers") continue;
    for (const json& c : at(pod, {"spec", list})) out.push_back(c);
  }
  return out;
}

// A limit without a request counts as a request.
double requestOf(const json& container, const std::string& resource) {
  for (const char* list : {"requests", "limits"}) {
    const json value = at(container, {"resources", list, resource.c_str()});
    if (!value.is_null()) return quantity(value);
  }
  return 0;
}

template <class Check>
bool all(const std::vector<json>& containers, Check check) {
  return std::all_of(containers.begin(), containers.end(), check);
}

bool meetsBaseline(const json& pod, const std::vector<json>& containers) {
  for (const char* host : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (at(pod, {"spec", host}) == true) return false;
  }
  for (const json& volume : at(pod, {"spec", "volumes"})) {
    if (volume.contains("hostPath")) return false;
  }
  if (at(pod, {"spec", "securityContext", "seccompProfile", "type"}) == "Unconfined") return false;
  static const std::set<std::string> kAllowed{
      "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE", "FOWNER",           "FSETID",
      "KILL",        "MKNOD",  "SETFCAP",      "NET_BIND_SERVICE", "SETGID",
      "SETPCAP",     "SETUID", "SYS_CHROOT"};
  return all(containers, [&](const json& c) {
    if (at(c, {"securityContext", "privileged"}) == true) return false;
    if (at(c, {"securityContext", "seccompProfile", "type"}) == "Unconfined") return false;
    const json proc = at(c, {"securityContext", "procMount"});
    if (!proc.is_null() && proc != "Default") return false;
    for (const json& port : at(c, {"ports"})) {
      if (port.value("hostPort", 0) != 0) return false;
    }
    for (const json& added : at(c, {"securityContext", "capabilities", "add"})) {
      if (kAllowed.count(added.get<std::string>()) == 0) return false;
    }
    return true;
  });
}

bool meetsRestricted(const json& pod, const std::vector<json>& containers) {
  static const std::set<std::string> kVolumes{"configMap", "csi",       "downwardAPI",
                                              "emptyDir",  "ephemeral", "persistentVolumeClaim",
                                              "projected", "secret",    "image"};
  for (const json& volume : at(pod, {"spec", "volumes"})) {
    for (const auto& [key, value] : volume.items()) {
      if (key != "name" && kVolumes.count(key) == 0) return false;
    }
  }
  const auto inherited = [&](const json& c, std::initializer_list<const char*> path) {
    json own = at(c.value("securityContext", json::object()), path);
    return own.is_null() ? at(at(pod, {"spec", "securityContext"}), path) : own;
  };
  if (at(pod, {"spec", "securityContext", "runAsUser"}) == 0) return false;
  return all(containers, [&](const json& c) {
    if (at(c, {"securityContext", "allowPrivilegeEscalation"}) != false) return false;
    if (inherited(c, {"runAsNonRoot"}) != true || inherited(c, {"runAsUser"}) == 0) return false;
    const json seccomp = inherited(c, {"seccompProfile", "type"});
    if (seccomp != "RuntimeDefault" && seccomp != "Localhost") return false;
    const json drop = at(c, {"securityContext", "capabilities", "drop"});
    if (std::find(drop.begin(), drop.end(), "ALL") == drop.end()) return false;
    for (const json& added : at(c, {"securityContext", "capabilities", "add"})) {
      if (added != "NET_BIND_SERVICE") return false;
    }
    return true;
  });
}

}  // namespace

std::string qosClass(const json& pod) {
  bool any = false, guaranteed = true;
  for (const json& c : containersOf(pod)) {
    for (const char* resource : {"cpu", "memory"}) {
      const double limit = quantity(at(c, {"resources", "limits", resource}));
      const double request = requestOf(c, resource);
      any = any || limit > 0 || request > 0;
      guaranteed = guaranteed && limit > 0 && limit == request;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

double effectiveRequest(const json& pod, const std::string& resource) {
  double sidecars = 0, largest = 0, sum = 0;
  for (const json& c : at(pod, {"spec", "initContainers"})) {
    if (c.value("restartPolicy", "") == "Always") {
      sidecars += requestOf(c, resource);
      largest = std::max(largest, sidecars);
    } else {
      largest = std::max(largest, sidecars + requestOf(c, resource));
    }
  }
  for (const json& c : at(pod, {"spec", "containers"})) sum += requestOf(c, resource);
  return std::max(largest, sum + sidecars);
}

std::string securityLevel(const json& pod) {
  const std::vector<json> containers = containersOf(pod, true);
  if (!meetsBaseline(pod, containers)) return "privileged";
  return meetsRestricted(pod, containers) ? "restricted" : "baseline";
}

}  // namespace profiling::corpus
