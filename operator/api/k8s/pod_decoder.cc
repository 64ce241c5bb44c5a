#include "operator/api/k8s/pod_decoder.h"

#include "operator/api/k8s/pod_reader.h"

namespace profiling::api {
namespace {

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

bool readPullSecrets(PodReader& r, element list, std::vector<std::string_view>& out) {
  return r.items(list, "spec.imagePullSecrets", [&](std::size_t, element item) {
    r.fields(item, "spec.imagePullSecrets[]", [&](std::string_view key, element v) {
      if (key == "name") r.text(v, "spec.imagePullSecrets[].name", out.emplace_back());
    });
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

void readPlacement(PodReader& r, std::string_view key, element v, api::PodView& pod) {
  if (key == "nodeSelector") {
    r.map(v, "spec.nodeSelector", pod.node_selector);
  } else if (key == "affinity") {
    readAffinity(r, v, pod.node_terms);
  } else if (key == "tolerations") {
    readTolerations(r, v, pod.tolerations);
  } else if (key == "nodeName") {
    r.text(v, "spec.nodeName", pod.node_name);
  } else if (key == "runtimeClassName") {
    r.text(v, "spec.runtimeClassName", pod.runtime_class);
  } else if (key == "os") {
    r.fields(v, "spec.os", [&](std::string_view field, element n) {
      if (field == "name") r.text(n, "spec.os.name", pod.os_name);
    });
  }
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
    } else if (key == "imagePullSecrets") {
      pod.has_pull_secrets = readPullSecrets(r, v, pod.pull_secrets);
    } else if (key == "securityContext") {
      readSecurity(r, v, pod.security, &pod);
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
    } else if (key == "resources") {
      readResources(r, v, "spec.resources", pod.resources);
    } else if (key == "overhead") {
      readQuantities(r, v, "spec.overhead", false, pod.overhead);
    } else if (key == "activeDeadlineSeconds") {
      pod.has_deadline = !isNull(v);
    } else {
      readPlacement(r, key, v, pod);
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
