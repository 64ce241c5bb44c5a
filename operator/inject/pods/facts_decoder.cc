#include "operator/inject/pods/facts_decoder.h"

#include "operator/api/k8s/dom.h"
#include "operator/api/v1alpha1/common.h"
#include "operator/inject/pods/container_status.h"

namespace profiling::inject {
namespace {

using api::eachField;
using api::eachItem;
using api::element;
using api::textOf;

// The webhook writes at most 2 KiB; longer text is somebody else's and not kept.
constexpr std::size_t kMaxDecision = 4096;
constexpr std::size_t kMaxAnnotation = 512;  // inject, policy: longer ones are invalid anyway

void readAnnotations(element e, PodFacts& pod) {
  eachField(e, [&](std::string_view key, element value) {
    const std::string_view text = textOf(value);
    if (key == api::kInjectKey) {
      pod.inject = text.substr(0, kMaxAnnotation);
    } else if (key == api::kPolicyKey) {
      pod.policy = text.substr(0, kMaxAnnotation);
    } else if (key == api::kDecisionKey) {
      if (text.size() <= kMaxDecision) pod.decision = text;
    } else if (key == "kubernetes.io/config.mirror") {
      pod.flags |= kPodMirror;
    }
  });
}

void readOwner(element e, PodFacts& pod) {
  api::OwnerView owner;
  eachField(e, [&](std::string_view key, element value) {
    if (key == "apiVersion") owner.api_version = textOf(value);
    if (key == "kind") owner.kind = textOf(value);
    if (key == "name") owner.name = textOf(value);
    if (key == "uid") owner.uid = textOf(value);
    if (key == "controller" && value.get(owner.controller) != simdjson::SUCCESS) return;
  });
  if (owner.controller) pod.owner = owner;
}

void readMetadata(element e, PodFacts& pod) {
  eachField(e, [&](std::string_view key, element value) {
    if (key == "name") {
      pod.name = textOf(value);
    } else if (key == "namespace") {
      pod.namespace_ = textOf(value);
    } else if (key == "labels") {
      eachField(value, [&](std::string_view label, element text) {
        pod.labels.push_back({label, textOf(text)});
      });
    } else if (key == "annotations") {
      readAnnotations(value, pod);
    } else if (key == "ownerReferences") {
      eachItem(value, [&](element owner) { readOwner(owner, pod); });
    } else if (key == "uid") {
      pod.uid = textOf(value);
    } else if (key == "creationTimestamp") {
      pod.created = createdSeconds(textOf(value));
    } else if (key == "deletionTimestamp") {
      pod.flags |= kPodDeleting;
    }
  });
}

void readStatus(element e, PodFacts& pod) {
  ContainerStatuses containers;
  eachField(e, [&](std::string_view key, element value) {
    if (key == "phase") {
      const std::string_view phase = textOf(value);
      if (phase == "Succeeded" || phase == "Failed") pod.flags |= kPodFinished;
    } else if (key == "conditions") {
      eachItem(value, [&](element condition) {
        std::string_view type;
        std::string_view status;
        eachField(condition, [&](std::string_view name, element text) {
          if (name == "type") type = textOf(text);
          if (name == "status") status = textOf(text);
        });
        if (type == "Ready" && status == "True") pod.flags |= kPodReady;
      });
    } else if (key == "containerStatuses") {
      containers.read(value, false);
    } else if (key == "initContainerStatuses") {
      containers.read(value, true);
    }
  });
  pod.restarts = containers.restarts();
  pod.failure = containers.failure();
  pod.images = containers.images();
  pod.agent_images = containers.agentImages();
}

}  // namespace

struct FactsDecoder::Impl {
  simdjson::dom::parser parser;
};

FactsDecoder::FactsDecoder() : impl_(std::make_unique<Impl>()) {
}
FactsDecoder::~FactsDecoder() = default;

Result<PodFacts> FactsDecoder::decode(std::string_view json) {
  element object;
  if (impl_->parser.parse(json.data(), json.size(), false).get(object) != simdjson::SUCCESS) {
    return Status(Code::kInternal, "not JSON");
  }
  PodFacts pod;
  eachField(object, [&](std::string_view key, element value) {
    if (key == "metadata") {
      readMetadata(value, pod);
    } else if (key == "status") {
      readStatus(value, pod);
    } else if (key == "spec") {
      std::string_view priority;
      if (value["priorityClassName"].get(priority) == simdjson::SUCCESS &&
          (priority == "system-node-critical" || priority == "system-cluster-critical")) {
        pod.flags |= kPodCritical;
      }
    }
  });
  if (pod.name.empty() || pod.namespace_.empty()) {
    return Status(Code::kInvalidArgument, "metadata.name or metadata.namespace is missing");
  }
  return pod;
}

}  // namespace profiling::inject
