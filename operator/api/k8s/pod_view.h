// The slice of a pod that injection decides on. Views into a buffer that the decoder owns: nothing
// here outlives the admission request it was read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::api {

struct KeyValueView {
  std::string_view key;
  std::string_view value;
};

struct EnvVarView {
  std::string_view name;
  std::string_view value;       // empty when absent
  bool has_value_from = false;  // value comes from a ConfigMap, Secret, field or resource
};

struct EnvFromView {
  std::string_view prefix;  // prepended to every key of the source
  bool is_secret = false;   // else a ConfigMap
  std::string_view name;
};

struct MountView {
  std::string_view name;
  std::string_view mount_path;
  std::string_view sub_path;
  bool read_only = false;
};

struct PortView {
  std::string_view name;
  std::int64_t number = 0;
};

// Quantities as written: "100m", "128Mi"; empty when absent.
struct ResourcesView {
  std::string_view cpu_request, cpu_limit, memory_request, memory_limit;
  std::string_view storage_request = {}, storage_limit = {};  // ephemeral-storage
  bool any() const {
    return !cpu_request.empty() || !cpu_limit.empty() || !memory_request.empty() ||
           !memory_limit.empty() || !storage_request.empty() || !storage_limit.empty();
  }
};

struct SecurityView {
  std::optional<bool> run_as_non_root;
  std::optional<std::int64_t> run_as_user;
  bool read_only_root = false;
};

struct ContainerView {
  std::size_t index = 0;  // position in spec.containers or spec.initContainers
  bool is_init = false;
  bool is_native_sidecar = false;  // init container with restartPolicy Always
  std::string_view name;
  std::string_view image;
  std::vector<std::string_view> command;
  std::vector<std::string_view> args;
  std::vector<EnvVarView> env;
  bool has_env = false;  // the array exists (a patch may append to it)
  bool has_mounts = false;
  std::vector<EnvFromView> env_from;
  std::vector<MountView> mounts;
  std::vector<PortView> ports;
  ResourcesView resources;
  SecurityView security;
};

struct VolumeView {
  std::string_view name;
  bool is_empty_dir = false;
};

// One of matchExpressions or matchFields.
struct NodeRequirementView {
  std::string_view key, op;  // op: In, NotIn, Exists, DoesNotExist, Gt, Lt
  std::vector<std::string_view> values;
};

// All requirements of a term hold; of several terms, one.
struct NodeTermView {
  std::vector<NodeRequirementView> labels;
  std::vector<NodeRequirementView> fields;
};

struct TolerationView {
  std::string_view key, op, value;
};

struct OwnerView {
  std::string_view api_version;
  std::string_view kind;
  std::string_view name;
  std::string_view uid;
  bool controller = false;
};

struct PodView {
  std::string_view name;  // often empty at admission
  std::string_view generate_name;
  std::string_view namespace_;  // set from the request, never from the object
  std::vector<KeyValueView> labels;
  std::vector<KeyValueView> annotations;
  bool has_labels = false;
  bool has_annotations = false;
  std::vector<OwnerView> owners;

  std::vector<ContainerView> containers;
  std::vector<ContainerView> init_containers;
  std::vector<VolumeView> volumes;
  std::vector<std::string_view> pull_secrets;  // names in imagePullSecrets
  bool has_init_containers = false;
  bool has_volumes = false;
  bool has_pull_secrets = false;

  std::string_view os_name;  // spec.os.name
  bool windows_options = false;
  std::vector<KeyValueView> node_selector;
  // The terms of affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.
  std::vector<NodeTermView> node_terms;
  std::vector<TolerationView> tolerations;
  std::string_view node_name, runtime_class;
  ResourcesView resources;    // pod level: spec.resources
  ResourcesView overhead;     // of the runtime class, as requests
  bool has_deadline = false;  // spec.activeDeadlineSeconds
  bool host_network = false, host_pid = false, host_ipc = false;
  std::string_view priority_class;
  std::string_view restart_policy;  // empty: Always
  SecurityView security;            // pod level
  std::optional<std::int64_t> fs_group;
  std::string metadata_problem;  // first field of metadata that has a wrong type; empty: none

  std::optional<std::string_view> label(std::string_view key) const { return find(labels, key); }
  std::optional<std::string_view> annotation(std::string_view key) const {
    return find(annotations, key);
  }

  // Keys are unique: the decoder refuses an object that repeats one.
  static std::optional<std::string_view> find(const std::vector<KeyValueView>& list,
                                              std::string_view key) {
    for (const KeyValueView& item : list) {
      if (item.key == key) return item.value;
    }
    return std::nullopt;
  }
};

// The slice of a Namespace that a decision needs; views.
struct NamespaceView {
  std::string_view name;
  std::optional<std::string_view> inject;  // profiling.dev/inject annotation
  bool seen = true;                        // false: no watch has shown the namespace yet
  bool excluded = false;                   // by its label: the API server never asks the webhook
};

}  // namespace profiling::api
