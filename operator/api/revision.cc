#include "operator/api/revision.h"

#include <algorithm>
#include <functional>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/time_text.h"

namespace profiling::api {
namespace {

constexpr std::size_t kMaxPrefix = 200;  // of the policy's name in a revision's
constexpr const char* kLongInterval = "60s";
constexpr std::int64_t kLowHz = 20;

Status foreign(const std::string& what) {
  return {Code::kInvalidArgument, what};
}

std::string stringOf(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

constexpr std::size_t kMaxImage = 1024;  // a reference has at most 4 parts of 255 bytes

std::optional<AgentImages> imagesOf(const nlohmann::json& content) {
  const auto it = content.find("images");
  if (it == content.end() || !it->is_array() || it->size() > kLanguageCount) return std::nullopt;
  AgentImages images;
  for (std::size_t i = 0; i < it->size(); ++i) {
    const nlohmann::json& pair = (*it)[i];
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      return std::nullopt;
    }
    images.at(i) = {pair[0].get<std::string>(), pair[1].get<std::string>()};
    if (images.at(i).image.size() > kMaxImage || images.at(i).version.size() > kMaxImage) {
      return std::nullopt;
    }
  }
  return images;
}

// Reads the output of contentOf() as the spec of an otherwise empty policy.
Status readContent(nlohmann::json spec, Revision& r) {
  r.url = stringOf(spec, "url");
  r.tenant = stringOf(spec, "tenant");
  for (const char* key : {"url", "tenant", "images", "refresh"}) spec.erase(key);
  spec["endpoint"] = {{"url", r.url}};
  auto read = policyFromJson({{"metadata", {{"name", "content"}}}, {"spec", std::move(spec)}});
  if (!read.ok()) return read.status();
  r.spec = std::move(read->spec);
  return {};
}

EffectivePolicy withLess(const EffectivePolicy& policy,
                         const std::function<void(ProfilingPolicySpec&)>& change) {
  EffectivePolicy less = policy;
  change(less.policy.spec);
  less.revisions.clear();
  less.revision = contentHash(withImages(contentOf(less), less.agents));
  return less;
}

}  // namespace

Result<Revision> revisionFromJson(const nlohmann::json& object) {
  auto metadata = metaFromJson(object);
  if (!metadata.ok()) return metadata.status();
  Revision r;
  r.metadata = *std::move(metadata);
  const auto data = object.find("data");
  if (data == object.end() || !data->is_object()) return foreign("data is not an object");
  const auto images = imagesOf(*data);
  if (!images) return foreign("data.images is not a list of images");
  r.agents = *images;
  r.hash = contentHash(*data);
  r.content_key = contentKey(*data);
  if (!r.metadata.name.ends_with("-" + r.hash)) {
    return foreign("the name does not end in the hash of the content, " + r.hash);
  }
  if (const Status read = readContent(*data, r); !read.ok()) return read.annotated("data");
  const auto label = r.metadata.labels.find(std::string(kRevisionPolicyKey));
  if (label == r.metadata.labels.end()) return foreign("it belongs to no policy");
  r.policy_uid = label->second;
  const auto number = object.find("revision");
  if (number != object.end() && number->is_number_integer()) r.number = number->get<std::int64_t>();
  return r;
}

std::string revisionName(const EffectivePolicy& policy) {
  std::string name = policy.policy.metadata.name.substr(0, kMaxPrefix);
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
  // The operator's namespace may hold revisions of a policy and of a cluster policy of the same name.
  return (policy.cluster ? "cluster-" : "") + name + "-" + policy.revision;
}

nlohmann::json revisionObject(const EffectivePolicy& policy, const std::string& namespace_,
                              std::int64_t number) {
  const ObjectMeta& owner = policy.policy.metadata;
  return {{"apiVersion", "apps/v1"},
          {"kind", "ControllerRevision"},
          {"metadata",
           {{"name", revisionName(policy)},
            {"namespace", namespace_},
            {"labels",
             {{"app.kubernetes.io/managed-by", "profiling-operator"},
              {std::string(kRevisionPolicyKey), owner.uid}}},
            {"ownerReferences", nlohmann::json::array({{{"apiVersion", kApiVersion},
                                                        {"kind", policyKind(policy)},
                                                        {"name", owner.name},
                                                        {"uid", owner.uid},
                                                        {"controller", true},
                                                        {"blockOwnerDeletion", false}}})}}},
          {"data", withImages(contentOf(policy), policy.agents)},
          {"revision", number}};
}

std::shared_ptr<const EffectivePolicy> atRevision(const EffectivePolicy& policy,
                                                  const Revision& revision) {
  if (policy.server_url.empty()) return nullptr;
  auto at = std::make_shared<EffectivePolicy>(policy);
  const ProfilingPolicySpec& then = revision.spec;
  ProfilingPolicySpec& now = at->policy.spec;
  now.languages = then.languages;
  now.profiles = then.profiles;
  now.pprof = then.pprof;
  now.sampling = then.sampling;
  now.service_name = then.service_name;
  now.secret_env_from = then.secret_env_from;
  now.tags = then.tags;
  now.tags_from_pod_labels = then.tags_from_pod_labels;
  at->server_url = revision.url;
  at->tenant_rule = revision.tenant;
  at->tenant_id =
      revision.tenant == kNamespaceAsTenant ? policy.policy.metadata.namespace_ : revision.tenant;
  at->agents = revision.agents;
  at->revision = revision.hash;
  at->revisions.clear();
  at->reduced.clear();
  return at;
}

std::vector<EffectivePolicy> overheadLadder(const EffectivePolicy& policy) {
  std::vector<EffectivePolicy> ladder{policy};
  const auto& rollout = policy.policy.spec.rollout;
  if (!rollout ||
      (!rollout->gates.max_cpu_overhead_percent && !rollout->gates.max_memory_overhead)) {
    return ladder;
  }
  const auto add = [&](const std::function<void(ProfilingPolicySpec&)>& change) {
    EffectivePolicy less = withLess(ladder.back(), change);
    if (less.revision != ladder.back().revision) ladder.push_back(std::move(less));
  };
  add([](ProfilingPolicySpec& s) { s.profiles.locks = false; });
  add([](ProfilingPolicySpec& s) {
    s.profiles.allocations = s.profiles.in_use_memory = false;
    s.profiles.goroutines.reset();
  });
  add([](ProfilingPolicySpec& s) {
    const auto interval = parseDuration(s.sampling.upload_interval);
    if (interval.ok() && *interval < std::chrono::seconds(60))
      s.sampling.upload_interval = kLongInterval;
  });
  add([](ProfilingPolicySpec& s) { s.sampling.cpu_hz = std::min(s.sampling.cpu_hz, kLowHz); });
  return ladder;
}

}  // namespace profiling::api
