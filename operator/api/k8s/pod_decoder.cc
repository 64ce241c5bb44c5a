#include "operator/api/k8s/pod_decoder.h"

#include "operator/api/k8s/dom.h"

namespace profiling::api {
namespace {

// Reads leniently: remembers the first repeated key (an error) and the first field of a wrong type (a
// problem), and continues.
class PodReader {
 public:
  const std::string& error() const { return error_; }
  std::string& problem() { return problem_; }

  template <class Visit>
  void fields(element e, std::string_view what, Visit&& visit) {
    if (isNull(e)) return;
    simdjson::dom::object object;
    if (e.get(object) != simdjson::SUCCESS) return wrong(what, "an object");
    std::string repeated;
    if (!eachField(object, what, repeated, visit) && error_.empty()) error_ = place(repeated);
  }
  // Calls visit(index, element); true when the array exists.
  template <class Visit>
  bool items(element e, std::string_view what, Visit&& visit) {
    if (isNull(e)) return false;
    simdjson::dom::array array;
    if (e.get(array) != simdjson::SUCCESS) {
      wrong(what, "an array");
      return false;
    }
    std::size_t index = 0;
    for (const element item : array) visit(index++, item);
    return true;
  }
  void text(element e, std::string_view what, std::string_view& out) {
    if (!isNull(e) && e.get(out) != simdjson::SUCCESS) wrong(what, "a string");
  }
  void boolean(element e, std::string_view what, bool& out) {
    if (!isNull(e) && e.get(out) != simdjson::SUCCESS) wrong(what, "true or false");
  }
  void optionalBoolean(element e, std::string_view what, std::optional<bool>& out) {
    bool value = false;
    if (isNull(e)) return;
    if (e.get(value) != simdjson::SUCCESS) return wrong(what, "true or false");
    out = value;
  }
  void optionalInteger(element e, std::string_view what, std::optional<std::int64_t>& out) {
    std::int64_t value = 0;
    if (isNull(e)) return;
    if (e.get(value) != simdjson::SUCCESS) return wrong(what, "a whole number");
    out = value;
  }
  // The API server writes quantities as strings, but YAML's `cpu: 1` is a number in JSON.
  void quantity(element e, std::string_view what, std::string_view& out) {
    if (isNull(e) || e.get(out) == simdjson::SUCCESS) return;
    std::int64_t number = 0;
    if (e.get(number) == simdjson::SUCCESS && number >= 0 && number <= 9) {
      static constexpr std::string_view kDigits = "0123456789";
      out = kDigits.substr(static_cast<std::size_t>(number), 1);
      return;
    }
    wrong(what, "a quantity");
  }
  bool map(element e, std::string_view what, std::vector<api::KeyValueView>& out) {
    bool is_object = e.type() == element_type::OBJECT;
    fields(e, what, [&](std::string_view key, element v) {
      api::KeyValueView item{key, {}};
      text(v, what, item.value);
      out.push_back(item);
    });
    return is_object;
  }

  void enter(std::string_view list, std::size_t index) {
    list_ = list;
    index_ = index;
  }
  void leave() { list_ = {}; }

 private:
  std::string place(std::string_view text) const {
    if (list_.empty()) return std::string(text);
    return std::string(list_) + "[" + std::to_string(index_) + "]." + std::string(text);
  }
  void wrong(std::string_view what, std::string_view wanted) {
    if (problem_.empty()) problem_ = place(what) + " must be " + std::string(wanted);
  }

  std::string error_, problem_;
  std::string_view list_;  // of the container that is being read
  std::size_t index_ = 0;
};

void readSecurity(PodReader& r, element e, api::SecurityView& out,
                  std::optional<std::int64_t>* fs_group) {
  r.fields(e, "securityContext", [&](std::string_view key, element v) {
    if (key == "runAsNonRoot") {
      r.optionalBoolean(v, "securityContext.runAsNonRoot", out.run_as_non_root);
    } else if (key == "runAsUser") {
      r.optionalInteger(v, "securityContext.runAsUser", out.run_as_user);
    } else if (key == "readOnlyRootFilesystem") {
      r.boolean(v, "securityContext.readOnlyRootFilesystem", out.read_only_root);
    } else if (key == "fsGroup" && fs_group != nullptr) {
      r.optionalInteger(v, "securityContext.fsGroup", *fs_group);
    }
  });
}

void readEnv(PodReader& r, element e, api::ContainerView& c) {
  c.has_env = r.items(e, "env", [&](std::size_t, element item) {
    api::EnvVarView& var = c.env.emplace_back();
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

void readEnvFrom(PodReader& r, element e, api::ContainerView& c) {
  r.items(e, "envFrom", [&](std::size_t, element item) {
    api::EnvFromView& from = c.env_from.emplace_back();
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

void readMounts(PodReader& r, element e, api::ContainerView& c) {
  c.has_mounts = r.items(e, "volumeMounts", [&](std::size_t, element item) {
    api::MountView& mount = c.mounts.emplace_back();
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

void readPorts(PodReader& r, element e, api::ContainerView& c) {
  r.items(e, "ports", [&](std::size_t, element item) {
    api::PortView& port = c.ports.emplace_back();
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

void readResources(PodReader& r, element e, api::ResourcesView& out) {
  r.fields(e, "resources", [&](std::string_view list, element quantities) {
    const bool limits = list == "limits";
    if (!limits && list != "requests") return;
    r.fields(quantities, "resources", [&](std::string_view key, element v) {
      if (key == "cpu") r.quantity(v, "resources.cpu", limits ? out.cpu_limit : out.cpu_request);
      if (key == "memory") {
        r.quantity(v, "resources.memory", limits ? out.memory_limit : out.memory_request);
      }
    });
  });
}

void readStrings(PodReader& r, element e, std::string_view what,
                 std::vector<std::string_view>& out) {
  r.items(e, what, [&](std::size_t, element item) { r.text(item, what, out.emplace_back()); });
}

bool readContainers(PodReader& r, element list, std::string_view where, bool init,
                    std::vector<api::ContainerView>& out) {
  const bool exists = r.items(list, where, [&](std::size_t index, element item) {
    api::ContainerView& c = out.emplace_back();
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
        readResources(r, v, c.resources);
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

bool readVolumes(PodReader& r, element list, std::vector<api::VolumeView>& out) {
  return r.items(list, "spec.volumes", [&](std::size_t index, element item) {
    api::VolumeView& volume = out.emplace_back();
    r.enter("spec.volumes", index);
    r.fields(item, "volume", [&](std::string_view key, element v) {
      if (key == "name") r.text(v, "name", volume.name);
      if (key == "emptyDir") volume.is_empty_dir = !isNull(v);
    });
    r.leave();
  });
}

void readOwners(PodReader& r, element list, std::vector<api::OwnerView>& out) {
  r.items(list, "metadata.ownerReferences", [&](std::size_t, element item) {
    api::OwnerView& owner = out.emplace_back();
    r.fields(item, "metadata.ownerReferences[]", [&](std::string_view key, element v) {
      if (key == "apiVersion") r.text(v, "ownerReferences[].apiVersion", owner.api_version);
      if (key == "kind") r.text(v, "ownerReferences[].kind", owner.kind);
      if (key == "name") r.text(v, "ownerReferences[].name", owner.name);
      if (key == "uid") r.text(v, "ownerReferences[].uid", owner.uid);
      if (key == "controller") r.boolean(v, "ownerReferences[].controller", owner.controller);
    });
  });
}

Status statusOf(const PodReader& r) {
  if (r.error().empty()) return Status();
  return Status(Code::kInvalidArgument, "request.object: " + r.error());
}

}  // namespace

Status readPodMetadata(element object, api::PodView& pod) {
  PodReader r;
  std::string_view shape;
  r.fields(object, "object", [&](std::string_view key, element v) {
    if ((key == "metadata" || key == "spec") && !isNull(v) && v.type() != element_type::OBJECT) {
      shape = key == "spec" ? "spec must be an object" : "metadata must be an object";
    } else if (key == "metadata") {
      r.fields(v, "metadata", [&](std::string_view field, element m) {
        if (field == "name") {
          r.text(m, "metadata.name", pod.name);
        } else if (field == "generateName") {
          r.text(m, "metadata.generateName", pod.generate_name);
        } else if (field == "labels") {
          pod.has_labels = r.map(m, "metadata.labels", pod.labels);
        } else if (field == "annotations") {
          pod.has_annotations = r.map(m, "metadata.annotations", pod.annotations);
        } else if (field == "ownerReferences") {
          readOwners(r, m, pod.owners);
        }
      });
    }
  });
  if (!shape.empty()) {
    return Status(Code::kInvalidArgument, "request.object." + std::string(shape));
  }
  pod.metadata_problem = r.problem();
  return statusOf(r);
}

Status readPodSpec(element object, api::PodView& pod, std::string& problem) {
  PodReader r;
  r.problem() = problem = pod.metadata_problem;
  element spec;
  if (object["spec"].get(spec) != simdjson::SUCCESS) return Status();
  r.fields(spec, "spec", [&](std::string_view key, element v) {
    if (key == "containers") {
      readContainers(r, v, "spec.containers", false, pod.containers);
    } else if (key == "initContainers") {
      pod.has_init_containers =
          readContainers(r, v, "spec.initContainers", true, pod.init_containers);
    } else if (key == "volumes") {
      pod.has_volumes = readVolumes(r, v, pod.volumes);
    } else if (key == "securityContext") {
      readSecurity(r, v, pod.security, &pod.fs_group);
    } else if (key == "nodeSelector") {
      r.map(v, "spec.nodeSelector", pod.node_selector);
    } else if (key == "os") {
      r.fields(v, "spec.os", [&](std::string_view field, element n) {
        if (field == "name") r.text(n, "spec.os.name", pod.os_name);
      });
    } else if (key == "priorityClassName") {
      r.text(v, "spec.priorityClassName", pod.priority_class);
    } else if (key == "restartPolicy") {
      r.text(v, "spec.restartPolicy", pod.restart_policy);
    } else if (key == "hostNetwork") {
      r.boolean(v, "spec.hostNetwork", pod.host_network);
    } else if (key == "hostPID") {
      r.boolean(v, "spec.hostPID", pod.host_pid);
    } else if (key == "hostIPC") {
      r.boolean(v, "spec.hostIPC", pod.host_ipc);
    }
  });
  // A patch adds to metadata and cannot apply to a pod that has none.
  element metadata;
  if (r.problem().empty() &&
      (object["metadata"].get(metadata) != simdjson::SUCCESS || isNull(metadata))) {
    r.problem() = "metadata is missing";
  }
  problem = r.problem();
  return statusOf(r);
}

struct PodJson::Impl {
  simdjson::padded_string text;
  simdjson::dom::parser parser;
  element object;
};

PodJson::PodJson() : impl_(std::make_unique<Impl>()) {
}
PodJson::~PodJson() = default;

Status PodJson::parse(std::string_view json) {
  impl_->text = simdjson::padded_string(json);
  if (impl_->parser.allocate(json.size(), kMaxJsonDepth) != simdjson::SUCCESS ||
      impl_->parser.parse(impl_->text).get(impl_->object) != simdjson::SUCCESS) {
    return Status(Code::kInvalidArgument, "the pod is not JSON, or nests too deep");
  }
  return {};
}

Status PodJson::readMetadata(PodView& pod) const {
  return readPodMetadata(impl_->object, pod);
}

Status PodJson::readSpec(PodView& pod, std::string& problem) const {
  return readPodSpec(impl_->object, pod, problem);
}

}  // namespace profiling::api
