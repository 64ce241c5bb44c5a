#include "operator/api/k8s/pod_reader.h"

namespace profiling::api {
namespace {

void readEnv(PodReader& r, element e, ContainerView& c) {
  c.has_env = r.items(e, "env", [&](std::size_t, element item) {
    EnvVarView& var = c.env.emplace_back();
    r.fields(item, "env[]", [&](std::string_view key, element v) {
      if (key == "name") {
        r.text(v, "env[].name", var.name);
      } else if (key == "value") {
        r.text(v, "env[].value", var.value);
      } else if (key == "valueFrom") {
        var.has_value_from = !isNull(v);
      }
    });
  });
}

void readEnvFrom(PodReader& r, element e, ContainerView& c) {
  r.items(e, "envFrom", [&](std::size_t, element item) {
    EnvFromView& from = c.env_from.emplace_back();
    r.fields(item, "envFrom[]", [&](std::string_view key, element v) {
      if (key == "prefix") {
        r.text(v, "envFrom[].prefix", from.prefix);
      } else if ((key == "secretRef" || key == "configMapRef") && !isNull(v)) {
        from.is_secret = key == "secretRef";
        r.fields(v, "envFrom[] source", [&](std::string_view name, element n) {
          if (name == "name") r.text(n, "envFrom[] source.name", from.name);
        });
      }
    });
  });
}

void readMounts(PodReader& r, element e, ContainerView& c) {
  c.has_mounts = r.items(e, "volumeMounts", [&](std::size_t, element item) {
    MountView& mount = c.mounts.emplace_back();
    r.fields(item, "volumeMounts[]", [&](std::string_view key, element v) {
      if (key == "name") {
        r.text(v, "volumeMounts[].name", mount.name);
      } else if (key == "mountPath") {
        r.text(v, "volumeMounts[].mountPath", mount.mount_path);
      } else if (key == "subPath") {
        r.text(v, "volumeMounts[].subPath", mount.sub_path);
      } else if (key == "readOnly") {
        r.boolean(v, "volumeMounts[].readOnly", mount.read_only);
      }
    });
  });
}

void readPorts(PodReader& r, element e, ContainerView& c) {
  r.items(e, "ports", [&](std::size_t, element item) {
    PortView& port = c.ports.emplace_back();
    r.fields(item, "ports[]", [&](std::string_view key, element v) {
      if (key == "name") {
        r.text(v, "ports[].name", port.name);
      } else if (key == "containerPort") {
        std::optional<std::int64_t> number;
        r.optionalInteger(v, "ports[].containerPort", number);
        port.number = number.value_or(0);
      }
    });
  });
}

}  // namespace

void readSecurity(PodReader& r, element e, SecurityView& out, PodView* pod) {
  r.fields(e, "securityContext", [&](std::string_view key, element v) {
    if (key == "runAsNonRoot") {
      r.optionalBoolean(v, "securityContext.runAsNonRoot", out.run_as_non_root);
    } else if (key == "runAsUser") {
      r.optionalInteger(v, "securityContext.runAsUser", out.run_as_user);
    } else if (key == "readOnlyRootFilesystem") {
      r.boolean(v, "securityContext.readOnlyRootFilesystem", out.read_only_root);
    } else if (key == "fsGroup" && pod != nullptr) {
      r.optionalInteger(v, "securityContext.fsGroup", pod->fs_group);
    } else if (key == "windowsOptions" && pod != nullptr) {
      pod->windows_options = !isNull(v);
    }
  });
}

void readQuantities(PodReader& r, element e, std::string_view what, bool limits,
                    ResourcesView& out) {
  r.fields(e, what, [&](std::string_view key, element v) {
    if (key == "cpu") {
      r.quantity(v, "resources.cpu", limits ? out.cpu_limit : out.cpu_request);
    } else if (key == "memory") {
      r.quantity(v, "resources.memory", limits ? out.memory_limit : out.memory_request);
    } else if (key == "ephemeral-storage") {
      r.quantity(v, "resources.ephemeral-storage",
                 limits ? out.storage_limit : out.storage_request);
    }
  });
}

void readResources(PodReader& r, element e, std::string_view what, ResourcesView& out) {
  r.fields(e, what, [&](std::string_view list, element quantities) {
    const bool limits = list == "limits";
    if (limits || list == "requests") readQuantities(r, quantities, what, limits, out);
  });
}

void readStrings(PodReader& r, element e, std::string_view what,
                 std::vector<std::string_view>& out) {
  r.items(e, what, [&](std::size_t, element item) { r.text(item, what, out.emplace_back()); });
}

bool readContainers(PodReader& r, element list, std::string_view where, bool init,
                    std::vector<ContainerView>& out) {
  const bool exists = r.items(list, where, [&](std::size_t index, element item) {
    ContainerView& c = out.emplace_back();
    c.index = index;
    c.is_init = init;
    r.enter(where, index);
    r.fields(item, "container", [&](std::string_view key, element v) {
      if (key == "name") {
        r.text(v, "name", c.name);
      } else if (key == "image") {
        r.text(v, "image", c.image);
      } else if (key == "command") {
        readStrings(r, v, "command", c.command);
      } else if (key == "args") {
        readStrings(r, v, "args", c.args);
      } else if (key == "env") {
        readEnv(r, v, c);
      } else if (key == "envFrom") {
        readEnvFrom(r, v, c);
      } else if (key == "volumeMounts") {
        readMounts(r, v, c);
      } else if (key == "ports") {
        readPorts(r, v, c);
      } else if (key == "resources") {
        readResources(r, v, "resources", c.resources);
      } else if (key == "securityContext") {
        readSecurity(r, v, c.security, nullptr);
      } else if (key == "restartPolicy" && init) {
        std::string_view policy;
        r.text(v, "restartPolicy", policy);
        c.is_native_sidecar = policy == "Always";
      }
    });
    r.leave();
  });
  return exists;
}

}  // namespace profiling::api
