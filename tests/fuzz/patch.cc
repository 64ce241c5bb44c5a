// Pods that a grammar makes of the input, so that nearly each is injected: the patch only adds, what
// the pod had keeps its place and value, and a second pass adds nothing.
#include "tests/fuzz/admission.h"
#include "tests/fuzz/drawn.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

Json envOf(Drawn& drawn) {
  Json env = Json::array();
  for (std::size_t n = drawn.below(6); n > 0; --n) {
    Json entry = {{"name", drawn.one({"JAVA_TOOL_OPTIONS", "PYTHONPATH", "NODE_OPTIONS", "A",
                                      "PYROSCOPE_LABELS", "CORECLR_ENABLE_PROFILING", "RUBYOPT"})}};
    if (drawn.below(4) == 0) {
      entry["valueFrom"] = {{"fieldRef", {{"fieldPath", drawn.one({"metadata.name", "x"})}}}};
    } else if (drawn.below(4) != 0) {
      entry["value"] = drawn.text(24);
    }
    env.push_back(std::move(entry));
  }
  return env;
}

// The API server refuses a pod whose containers have odd names or one name twice, whatever is added.
Json containerOf(Drawn& drawn, const std::string& name) {
  Json c = {
      {"name", name},
      {"image", drawn.one({"shop/web:1", "python:3.12", "node:22", "gcr.io/distroless/java17",
                           "mcr.microsoft.com/dotnet/aspnet:8.0", "ruby:3", "golang:1", ""})}};
  if (drawn.below(2) == 0) c["env"] = envOf(drawn);
  if (drawn.below(4) == 0)
    c["command"] = {drawn.one({"java", "python3", "node", "/app"}), drawn.text(8)};
  if (drawn.below(4) == 0) {
    c["ports"] = {{{"name", drawn.one({"pprof", "http"})}, {"containerPort", drawn.below(70'000)}}};
  }
  if (drawn.below(4) == 0) {
    c["volumeMounts"] = {{{"name", "v"}, {"mountPath", drawn.one({"/tmp", "/profiling", "/v"})}}};
  }
  if (drawn.below(4) == 0) {
    c["securityContext"] = {{"readOnlyRootFilesystem", drawn.below(2) == 0},
                            {"runAsUser", drawn.below(3)}};
  }
  if (drawn.below(4) == 0) {
    c["resources"] = {{"limits", {{"cpu", drawn.one({"1", "50m", "x"})}, {"memory", "64Mi"}}}};
  }
  if (drawn.below(8) == 0) c["restartPolicy"] = "Always";
  if (drawn.below(8) == 0) c["unknownField"] = {{"nested", drawn.text(8)}};
  return c;
}

Json containersOf(Drawn& drawn, const std::string& kind, std::size_t most) {
  Json list = Json::array();
  for (std::size_t n = drawn.below(most + 1); n > 0; --n) {
    list.push_back(containerOf(drawn, kind + std::to_string(n)));
  }
  return list;
}

Json podOf(Drawn& drawn) {
  Json annotations = {{"profiling.dev/inject",
                       drawn.one({"true", "java", "java,python", "go", "node,ruby,dotnet"})}};
  for (const char* key :
       {"profiling.dev/containers", "profiling.dev/tags", "profiling.dev/pprof-port",
        "profiling.dev/pprof-path-prefix", "profiling.dev/service-name", "profiling.dev/decision",
        "a~b/c", "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"}) {
    if (drawn.below(6) == 0) annotations[key] = drawn.text(24);
  }
  Json pod = {{"metadata", {{"annotations", annotations}}},
              {"spec", {{"containers", containersOf(drawn, "c", 3)}}}};
  if (drawn.below(3) == 0) pod["metadata"]["labels"] = {{"app", drawn.text(8)}, {"version", "1"}};
  if (drawn.below(3) == 0) pod["spec"]["initContainers"] = containersOf(drawn, "i", 2);
  if (drawn.below(3) == 0)
    pod["spec"]["volumes"] = {
        {{"name", drawn.one({"v", "profiling-agents", "tmp"})}, {"emptyDir", Json::object()}}};
  if (drawn.below(6) == 0) pod["spec"]["restartPolicy"] = drawn.one({"Never", "OnFailure"});
  if (drawn.below(6) == 0) pod["spec"]["shareProcessNamespace"] = true;
  return pod;
}

// Whether every member and item of `before` stands in `after`, lists in the same order. Values of
// variables and of our own keys may be extended.
bool keeps(const Json& before, const Json& after, bool may_change = false) {
  if (before.is_object()) {
    if (!after.is_object()) return false;
    for (const auto& [key, value] : before.items()) {
      const bool ours = key == "value" || key.starts_with("profiling.dev/") ||
                        key.starts_with("cluster-autoscaler");
      if (!after.contains(key) || !keeps(value, after.at(key), ours)) return false;
    }
    return true;
  }
  if (before.is_array()) {
    if (!after.is_array() || after.size() < before.size()) return false;
    std::size_t at = 0;
    for (const Json& item : before) {
      while (at < after.size() && !keeps(item, after.at(at))) ++at;
      if (at++ == after.size()) return false;
    }
    return true;
  }
  return may_change || before == after;
}

}  // namespace

FUZZ(std::string_view input) {
  Drawn drawn(input);
  const Json pod = podOf(drawn);
  const Json patch =
      patchOf(post(reviewOf(pod).dump(-1, ' ', false, Json::error_handler_t::replace)));
  if (patch.is_null()) return;
  for (const Json& operation : patch) {
    const std::string op = operation.at("op");
    require(op == "add" || op == "replace", "a patch removes and moves nothing");
  }
  const Json once = pod.patch(patch);
  require(keeps(pod, once), "what the pod had stays");
  require(
      patchOf(post(reviewOf(once).dump(-1, ' ', false, Json::error_handler_t::replace))).is_null(),
      "a second pass adds nothing");
}
