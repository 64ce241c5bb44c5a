#include "operator/api/v1alpha1/common.h"

#include <algorithm>

#include "operator/api/v1alpha1/codec.h"
#include "operator/api/v1alpha1/tables.h"

namespace profiling::api {
namespace {

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

constexpr std::string_view kOwnPrefix = "profiling.dev/";
constexpr std::size_t kMaxAnnotation = 1024;

StringMap strings(const Json& object, const char* key) {
  StringMap out;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_object()) return out;
  for (const auto& [name, value] : it->items()) {
    if (value.is_string()) out.emplace(name, value.get<std::string>());
  }
  return out;
}

}  // namespace

bool setCondition(std::vector<Condition>& conditions, Condition wanted, std::string_view now) {
  const auto it = std::find_if(conditions.begin(), conditions.end(),
                               [&](const Condition& c) { return c.type == wanted.type; });
  if (it == conditions.end()) {
    wanted.last_transition_time = now;
    conditions.push_back(std::move(wanted));
    return true;
  }
  wanted.last_transition_time =
      it->status == wanted.status ? it->last_transition_time : std::string(now);
  const bool changed = it->status != wanted.status || it->reason != wanted.reason ||
                       it->message != wanted.message ||
                       it->observed_generation != wanted.observed_generation;
  if (changed) *it = std::move(wanted);
  return changed;
}

const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto it = std::find_if(conditions.begin(), conditions.end(),
                               [&](const Condition& c) { return c.type == type; });
  return it == conditions.end() ? nullptr : &*it;
}

Result<ObjectMeta> metaFromJson(const Json& object) {
  const auto it = object.is_object() ? object.find("metadata") : object.end();
  if (!object.is_object() || it == object.end() || !it->is_object()) {
    return Status(Code::kInvalidArgument,
                  "at /metadata: 'metadata' is required and must be an object");
  }
  const Json& metadata = *it;
  ObjectMeta meta;
  meta.name = text(metadata, "name");
  if (meta.name.empty())
    return Status(Code::kInvalidArgument, "at /metadata/name: 'name' is required");
  meta.namespace_ = text(metadata, "namespace");
  meta.uid = text(metadata, "uid");
  meta.resource_version = text(metadata, "resourceVersion");
  meta.creation_timestamp = text(metadata, "creationTimestamp");
  const auto generation = metadata.find("generation");
  if (generation != metadata.end() && generation->is_number_integer())
    meta.generation = generation->get<std::int64_t>();
  meta.deleting = !text(metadata, "deletionTimestamp").empty();
  meta.labels = strings(metadata, "labels");
  meta.annotations = strings(metadata, "annotations");
  std::erase_if(meta.annotations, [](const auto& annotation) {
    return !annotation.first.starts_with(kOwnPrefix) || annotation.second.size() > kMaxAnnotation;
  });
  return meta;
}

Json wrap(std::string_view kind, const ObjectMeta& metadata, Json spec, Json status) {
  Json meta = {{"name", metadata.name}};
  if (!metadata.namespace_.empty()) meta["namespace"] = metadata.namespace_;
  if (!metadata.uid.empty()) meta["uid"] = metadata.uid;
  if (!metadata.resource_version.empty()) meta["resourceVersion"] = metadata.resource_version;
  if (!metadata.creation_timestamp.empty()) meta["creationTimestamp"] = metadata.creation_timestamp;
  if (metadata.generation != 0) meta["generation"] = metadata.generation;
  if (!metadata.labels.empty()) meta["labels"] = metadata.labels;
  if (!metadata.annotations.empty()) meta["annotations"] = metadata.annotations;
  Json object = {{"apiVersion", kApiVersion},
                 {"kind", kind},
                 {"metadata", std::move(meta)},
                 {"spec", std::move(spec)}};
  if (!status.empty()) object["status"] = std::move(status);
  return object;
}

}  // namespace profiling::api
