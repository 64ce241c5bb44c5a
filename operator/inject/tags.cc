#include "operator/inject/tags.h"

#include <algorithm>

#include "operator/base/text.h"
#include "operator/inject/annotations.h"
#include "operator/inject/env.h"
#include "operator/inject/fact_log.h"
#include "operator/inject/names.h"
#include "operator/inject/tag_rules.h"
#include "operator/inject/workload_name.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxServiceName = 128;
constexpr std::size_t kMaxTagName = 63;
constexpr std::size_t kMaxTagValue = 200;
// Set by us on every container, never by others; these and one for `container`.
constexpr std::array<std::string_view, 7> kReserved{
    "namespace", "pod", "container", "node", "workload", "template_hash", "service_name"};

bool isAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string sanitised(std::string_view text) {
  std::string out(text.substr(0, kMaxServiceName));
  for (char& c : out) {
    if (!isAlnum(c) && std::string_view("._-/").find(c) == std::string_view::npos) c = '_';
  }
  return out;
}

std::string nameOfLabel(std::string_view key) {
  std::string out(key.substr(0, kMaxTagName));
  for (char& c : out) {
    if (!isAlnum(c)) c = '_';
  }
  return out;
}

}  // namespace

bool isTagName(std::string_view name) {
  if (name.empty() || name.size() > kMaxTagName || name.starts_with("__")) return false;
  if (name[0] >= '0' && name[0] <= '9') return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return isAlnum(c) || c == '_'; });
}

// The agents' common denominator: the list is k=v,k=v and Java refuses braces and blanks.
bool isTagValue(std::string_view value) {
  if (value.empty() || value.size() > kMaxTagValue) return false;
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7F && std::string_view("{},=").find(c) == std::string_view::npos;
  });
}

ServiceName::ServiceName(const api::PodView& pod, const Workload& workload,
                         const api::EffectivePolicy& policy) {
  FactLog::add(Fact::kServiceName, &pod);
  const api::ServiceNameRule& rule = policy.policy.spec.service_name;
  std::array<std::optional<std::string_view>, 9> ladder;
  ladder[0] = pod.annotation(api::kServiceNameKey);
  if (rule.from == api::ServiceNameFrom::kLabel) ladder[1] = pod.label(rule.key);
  if (rule.from == api::ServiceNameFrom::kAnnotation) ladder[1] = pod.annotation(rule.key);
  if (rule.from == api::ServiceNameFrom::kFixed) ladder[1] = rule.value;
  ladder[2] = pod.annotation("profiles.grafana.com/service_name");
  ladder[3] = pod.annotation("resource.opentelemetry.io/service.name");
  ladder[4] = pod.label("app.kubernetes.io/instance");
  ladder[5] = pod.label("app.kubernetes.io/name");
  // From here on names may be those of one run, whose random part makes no service.
  const std::string task = taskName(pod);
  ladder[6] = task;
  ladder[7] = stableName(workload, pod);
  if (!workload.name.empty()) ladder[8] = policy.policy.metadata.name;
  const auto named =
      std::ranges::find_if(ladder, [](const auto& step) { return step && !trim(*step).empty(); });
  if (named != ladder.end()) name_ = sanitised(trim(**named));
}

std::string ServiceName::forContainer(std::string_view container) const {
  if (!name_.empty()) return name_;
  const std::string_view name = trim(container);
  return name.empty() ? "unknown" : sanitised(name);
}

Tags::Tags(const api::PodView& pod, const Workload& workload, const api::EffectivePolicy& policy,
           std::vector<Warning>& warnings) {
  FactLog::add(Fact::kTags, &pod);
  tags_ = {{"namespace", literal(pod.namespace_)},
           {"pod", "$(" + std::string(kPodNameEnv) + ")"},
           {"node", "$(" + std::string(kNodeNameEnv) + ")"}};
  if (isTagValue(workload.name)) tags_.emplace_back("workload", literal(workload.name));
  if (isTagValue(workload.template_hash)) {
    tags_.emplace_back("template_hash", literal(workload.template_hash));
  }

  if (const auto text = pod.annotation(api::kTagsKey)) {
    if (text->size() > kMaxTagsBytes) {
      warnings.push_back(invalidAnnotation(api::kTagsKey, *text, "k=v,k2=v2, at most 2048 bytes"));
    } else {
      for (const std::string_view item : split(*text, ',')) {
        const std::size_t eq = item.find('=');
        if (trim(item).empty()) continue;
        if (eq == std::string_view::npos) {
          warnings.push_back(invalidAnnotation(api::kTagsKey, item, "k=v,k2=v2"));
          continue;
        }
        add(std::string(trim(item.substr(0, eq))), std::string(trim(item.substr(eq + 1))),
            api::kTagsKey, warnings);
      }
    }
  }
  for (const auto& [name, value] : policy.policy.spec.tags) add(name, value, "spec.tags", warnings);
  for (const std::string& key : policy.policy.spec.tags_from_pod_labels) {
    const auto value = pod.label(key);
    if (value && !value->empty()) {
      add(nameOfLabel(key), std::string(*value), "spec.tagsFromPodLabels", warnings);
    }
  }
  if (const auto version = pod.label("app.kubernetes.io/version"); version && !version->empty()) {
    add("version", std::string(*version), "app.kubernetes.io/version", warnings);
  }
}

// The first source of a name wins: annotation, policy, label.
void Tags::add(std::string name, std::string value, std::string_view source,
               std::vector<Warning>& warnings) {
  const auto skip = [&](std::string_view why) {
    warnings.push_back({std::string(source) + ": tag \"" + printable(name, 40) + "\" = \"" +
                        printable(value, 40) + "\" is left out: " + std::string(why)});
  };
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return skip("the name is reserved");
  }
  if (!isTagName(name)) return skip("names match [a-zA-Z_][a-zA-Z0-9_]*, at most 63");
  if (!isTagValue(value))
    return skip("values have 1 to 200 printable characters without {},= or blanks");
  const auto same = [&](const auto& tag) { return tag.first == name; };
  if (std::find_if(tags_.begin(), tags_.end(), same) != tags_.end()) return;
  if (tags_.size() + 1 >= kMaxTagNames) return skip("a profile carries at most 30 tags");
  tags_.emplace_back(std::move(name), literal(value));
}

std::string Tags::forContainer(std::string_view container, bool colons) const {
  std::string out;
  for (const auto& [name, value] : tags_) {
    if (!out.empty()) out += ',';
    out += name;
    out += '=';
    out += value;
  }
  out += ",container=";
  out += literal(container);
  if (!colons) std::replace(out.begin(), out.end(), ':', '_');
  return out;
}

}  // namespace profiling::inject
