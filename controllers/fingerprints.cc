#include "controllers/fingerprints.h"

#include "operator/base/str_cat.h"

namespace profiling::controllers {
namespace {

std::string identity(const api::ObjectMeta& meta) {
  return strCat(meta.uid, " ", meta.generation, meta.deleting ? " deleting" : "");
}

std::string ofPolicy(const api::ObjectMeta& meta) {
  const auto refresh = meta.annotations.find(std::string(api::kRefreshAgentsKey));
  if (refresh == meta.annotations.end()) return identity(meta);
  return strCat(identity(meta), " ", refresh->second);
}

}  // namespace

std::string fingerprint(const api::ProfilingPolicy& policy) {
  return ofPolicy(policy.metadata);
}

std::string fingerprint(const api::ClusterProfilingPolicy& policy) {
  return ofPolicy(policy.metadata);
}

std::string fingerprint(const api::ProfilingServer& server) {
  const api::Condition* config = api::findCondition(server.status.conditions, "ConfigValid");
  const bool invalid = config != nullptr && config->status == "False";
  return strCat(identity(server.metadata), invalid ? " invalid" : "");
}

bool Fingerprints::changed(std::string_view key, std::string print) {
  const auto it = prints_.find(key);
  const bool same = it != prints_.end() && it->second == print;
  if (print.empty()) {
    if (it != prints_.end()) prints_.erase(it);
    return true;
  }
  prints_.insert_or_assign(std::string(key), std::move(print));
  return !same;
}

}  // namespace profiling::controllers
