#include "operator/base/json_text.h"
#include "operator/base/str_cat.h"
#include "operator/inject/inject.h"
#include "operator/inject/names.h"
#include "operator/inject/patch/json_patch.h"

namespace profiling::inject {
namespace {

// Any uid but root's: the volume is an emptyDir, which every user may write to.
constexpr std::string_view kNonRootUser = "65532";

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  appendJsonString(out, value);
}

// An object of the pairs that have a value.
void appendQuantities(std::string& out, const ByKind<std::string_view>& quantities) {
  char before = '{';
  for (const ResourceKind kind : kResourceKinds) {
    if (quantities[kind].empty()) continue;
    out += before;
    before = ',';
    appendField(out, resourceName(kind), quantities[kind]);
  }
  out += before == '{' ? "{}" : "}";
}

void appendVolume(std::string& out, std::string_view name, std::string_view size_limit) {
  out += '{';
  appendField(out, "name", name);
  out += R"(,"emptyDir":{)";
  if (!size_limit.empty()) appendField(out, "sizeLimit", size_limit);
  out += "}}";
}

void appendMount(std::string& out, std::string_view name, std::string_view path, bool read_only) {
  out += '{';
  appendField(out, "name", name);
  out += ',';
  appendField(out, "mountPath", path);
  if (read_only) out += R"(,"readOnly":true)";
  out += '}';
}

void appendEnv(std::string& out, const EnvEdit& e) {
  out += '{';
  appendField(out, "name", e.name);
  out += ',';
  if (e.field_path.empty()) {
    appendField(out, "value", e.value);
  } else {
    out += R"("valueFrom":{"fieldRef":{)";
    appendField(out, "fieldPath", e.field_path);
    out += "}}";
  }
  out += '}';
}

void appendEnvList(std::string& out, const std::vector<EnvEdit>& edits) {
  char before = '[';
  for (const EnvEdit& e : edits) {
    out += before;
    before = ',';
    appendEnv(out, e);
  }
  out += ']';
}

// Complies with the restricted Pod Security Standard, which a namespace may enforce.
void appendSecurity(std::string& out, bool force_non_root_user) {
  out += R"("securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},)"
         R"("readOnlyRootFilesystem":true,"runAsNonRoot":true,)";
  if (force_non_root_user) {
    out += R"("runAsUser":)";
    out += kNonRootUser;
    out += ',';
  }
  out += R"("seccompProfile":{"type":"RuntimeDefault"}},)"
         R"("terminationMessagePolicy":"FallbackToLogsOnError")";
}

void appendResources(std::string& out, const AddedResources& r) {
  if (!r.view().any()) return;
  ByKind<std::string_view> requests, limits;
  for (const ResourceKind kind : kResourceKinds) {
    requests[kind] = requestOf(r, kind);
    limits[kind] = limitOf(r, kind);
  }
  out += R"("resources":{"requests":)";
  appendQuantities(out, requests);
  out += R"(,"limits":)";
  appendQuantities(out, limits);
  out += "},";
}

void appendImage(std::string& out, api::Language language, std::string_view image,
                 const Settings& settings) {
  appendField(out, "name", initContainerName(language));
  out += ',';
  appendField(out, "image", image);
  out += ',';
  appendField(out, "imagePullPolicy", settings.image_pull_policy);
}

void appendInitContainer(std::string& out, const InitContainerPlan& init,
                         const Settings& settings) {
  out += '{';
  appendImage(out, init.language, init.image, settings);
  out += R"(,"args":[)";
  appendJsonString(out, strCat(kMountPath, '/', api::languageToken(init.language)));
  out += "],";
  appendResources(out, init.resources);
  appendSecurity(out, init.force_non_root_user);
  out += R"(,"volumeMounts":[)";
  appendMount(out, kVolumeName, kMountPath, false);
  out += "]}";
}

void appendSidecar(std::string& out, const SidecarPlan& sidecar, const Settings& settings) {
  out += '{';
  appendImage(out, sidecar.language, sidecar.image, settings);
  if (sidecar.native) out += R"(,"restartPolicy":"Always")";
  out += R"(,"env":)";
  appendEnvList(out, sidecar.env);
  out += ',';
  appendResources(out, sidecar.resources);
  appendSecurity(out, sidecar.force_non_root_user);
  out += '}';
}

// Replacements first, while positions are those of the pod; then what goes to the front, then the
// rest.
void renderEnv(JsonPatch& patch, const ContainerPlan& c, const std::string& base) {
  if (c.env.empty()) return;
  if (c.create_env) {
    appendEnvList(patch.add(base + "/env"), c.env);
    return;
  }
  for (const EnvEdit& e : c.env) {
    if (e.kind != EnvEdit::Kind::kReplaceValue) continue;
    appendJsonString(patch.add(strCat(base, "/env/", e.index, "/value")), e.value);
  }
  for (const EnvEdit& e : c.env) {
    if (e.kind == EnvEdit::Kind::kPrepend) appendEnv(patch.add(base + "/env/0"), e);
  }
  for (const EnvEdit& e : c.env) {
    if (e.kind == EnvEdit::Kind::kAppend) appendEnv(patch.add(base + "/env/-"), e);
  }
}

void renderContainer(JsonPatch& patch, const ContainerPlan& c) {
  const std::string base =
      strCat(c.is_init ? "/spec/initContainers/" : "/spec/containers/", c.index);
  renderEnv(patch, c, base);
  bool create = c.create_mounts;
  const auto mount = [&](std::string_view name, std::string_view path, bool read_only) {
    std::string& out = patch.add(base + (create ? "/volumeMounts" : "/volumeMounts/-"));
    if (create) out += '[';
    appendMount(out, name, path, read_only);
    if (create) out += ']';
    create = false;
  };
  if (c.add_mount) mount(kVolumeName, kMountPath, true);
  if (c.add_temp_mount) mount(kTempVolumeName, kTempMountPath, false);
}

void renderVolumes(JsonPatch& patch, const InjectionPlan& plan, bool create,
                   const Settings& settings) {
  const auto add = [&](std::string_view name, std::string_view size_limit) {
    std::string& out = patch.add(create ? "/spec/volumes" : "/spec/volumes/-");
    if (create) out += '[';
    appendVolume(out, name, size_limit);
    if (create) out += ']';
    create = false;
  };
  if (plan.add_volume) add(kVolumeName, settings.volume_size_limit);
  if (plan.add_temp_volume) add(kTempVolumeName, settings.temp_size_limit);
}

void renderPullSecrets(JsonPatch& patch, const InjectionPlan& plan, bool create) {
  for (const std::string_view name : plan.pull_secrets) {
    std::string& out = patch.add(create ? "/spec/imagePullSecrets" : "/spec/imagePullSecrets/-");
    out += create ? "[{" : "{";
    appendField(out, "name", name);
    out += create ? "}]" : "}";
    create = false;
  }
}

void renderInitContainers(JsonPatch& patch, const InjectionPlan& plan, bool create,
                          const Settings& settings) {
  std::size_t position = plan.init_position;
  for (const InitContainerPlan& init : plan.init_containers) {
    const std::string path = "/spec/initContainers";
    std::string& out = patch.add(create ? path : strCat(path, '/', position));
    if (create) out += '[';
    appendInitContainer(out, init, settings);
    if (create) out += ']';
    create = false;
    ++position;
  }
}

// At the end of its list: no other container waits for it to start, and the proxies that it may
// need start before it and stop after it.
void renderSidecar(JsonPatch& patch, const InjectionPlan& plan, bool has_init_containers,
                   const Settings& settings) {
  if (!plan.sidecar) return;
  const bool exists = !plan.sidecar->native || has_init_containers || !plan.init_containers.empty();
  std::string& out = patch.add(!plan.sidecar->native
                                   ? "/spec/containers/-"
                                   : (exists ? "/spec/initContainers/-" : "/spec/initContainers"));
  if (!exists) out += '[';
  appendSidecar(out, *plan.sidecar, settings);
  if (!exists) out += ']';
}

void renderKey(JsonPatch& patch, const std::string& map, std::string_view key,
               std::string_view value, bool& exists) {
  if (value.empty()) return;
  if (exists) {
    appendJsonString(patch.addKey(map, key), value);
    return;
  }
  std::string& out = patch.add(map);
  out += '{';
  appendField(out, key, value);
  out += '}';
  exists = true;
}

}  // namespace

std::string renderPatch(const InjectionPlan& plan, const api::PodView& pod,
                        const Settings& settings) {
  if (plan.empty) return {};
  JsonPatch patch;
  bool labels = pod.has_labels, annotations = pod.has_annotations;
  renderKey(patch, "/metadata/labels", api::kProfiledKey, plan.revision, labels);
  renderKey(patch, "/metadata/annotations", api::kDecisionKey, plan.decision_json, annotations);
  renderKey(patch, "/metadata/annotations", kSafeToEvictKey, plan.safe_to_evict_volumes,
            annotations);
  for (const auto& [key, value] : plan.annotations) {
    renderKey(patch, "/metadata/annotations", key, value, annotations);
  }
  renderVolumes(patch, plan, !pod.has_volumes, settings);
  renderPullSecrets(patch, plan, !pod.has_pull_secrets);
  for (const ContainerPlan& c : plan.containers) renderContainer(patch, c);
  if (plan.repaired_sidecar) {
    appendJsonString(
        patch.add(strCat("/spec/initContainers/", *plan.repaired_sidecar, "/restartPolicy")),
        "Always");
  }
  // Last, because the positions above are those of the pod before ours were inserted.
  renderInitContainers(patch, plan, !pod.has_init_containers, settings);
  renderSidecar(patch, plan, pod.has_init_containers, settings);
  return std::move(patch).finish();
}

}  // namespace profiling::inject
