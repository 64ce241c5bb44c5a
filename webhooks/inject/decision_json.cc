#include "webhooks/inject/decision_json.h"

#include "operator/base/text.h"
#include "webhooks/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kRoomForTheEnd = 32;  // ],"more":300}

void appendContainer(std::string& out, const ContainerDecision& c, const api::AgentImages& agents) {
  out += R"({"name":)";
  appendJsonString(out, c.container);
  bool first = true;
  for (const api::Language language : c.languages) {
    out += first ? R"(,"languages":[)" : ",";
    first = false;
    out += R"({"language":")";
    out += api::languageToken(language);
    out += R"(","version":)";
    appendJsonString(out, agents[static_cast<std::size_t>(language)].version);
    out += '}';
  }
  if (!first) out += ']';
  out += c.injected() ? R"(,"action":"injected","reason":")" : R"(,"action":"skipped","reason":")";
  out += reasonName(c.reason);
  out += '"';
  first = true;
  for (const SkippedLanguage& s : c.skipped) {
    out += first ? R"(,"skipped":[)" : ",";
    first = false;
    out += R"({"language":")";
    out += api::languageToken(s.language);
    out += R"(","reason":")";
    out += reasonName(s.reason);
    out += R"("})";
  }
  out += first ? "}" : "]}";
}

}  // namespace

std::string_view replicaOf(std::string_view decision) {
  constexpr std::string_view kKey = R"("replica":")";
  const std::size_t at = decision.find(kKey);
  if (at == std::string_view::npos) return {};
  decision.remove_prefix(at + kKey.size());
  return decision.substr(0, decision.find('"'));
}

std::string decisionJson(const Decision& decision, Reason reason, std::string_view revision,
                         const std::vector<ContainerDecision>& containers,
                         const api::AgentImages& agents) {
  std::string out = "{";
  if (!decision.policy_name.empty()) {
    out += R"("policy":)";
    appendJsonString(out, decision.policy_name);
    out += ',';
    if (decision.cluster_policy) out += R"("policyKind":"ClusterProfilingPolicy",)";
  }
  if (!revision.empty()) {
    out += R"("revision":)";
    appendJsonString(out, revision);
    out += ',';
    if (!decision.replica.empty()) {
      out += R"("replica":)";
      appendJsonString(out, decision.replica);
      out += ',';
    }
  }
  out +=
      revision.empty() ? R"("action":"skipped","reason":")" : R"("action":"injected","reason":")";
  out += reasonName(reason);
  out += '"';
  std::size_t written = 0;
  for (const ContainerDecision& c : containers) {
    std::string item = written == 0 ? R"(,"containers":[)" : ",";
    appendContainer(item, c, agents);
    if (out.size() + item.size() + kRoomForTheEnd > kMaxDecisionBytes) break;
    out += item;
    ++written;
  }
  if (written != 0) out += ']';
  if (written < containers.size()) {
    out += R"(,"more":)" + std::to_string(containers.size() - written);
  }
  out += '}';
  return out;
}

}  // namespace profiling::inject
