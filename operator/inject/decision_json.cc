#include "operator/inject/decision_json.h"

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/base/json_text.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kRoomForTheEnd = 32;  // ],"more":300}
constexpr std::size_t kMaxVersion = 64;

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
  if (!c.guess.empty()) {
    strAppend(out, R"(,"guess":")", c.guess, R"(","guessedVersion":")", c.guessed_version, '"');
  }
  first = true;
  for (const std::string_view variable : c.hidden) {
    strAppend(out, first ? R"(,"hidden":[")" : R"(,")", variable, '"');
    first = false;
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
    out += '"';
    if (!s.detail.empty()) {
      out += R"(,"detail":)";
      appendJsonString(out, s.detail);
    }
    out += '}';
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

std::string agentName(std::string_view language, std::string_view version) {
  return strCat(language, ' ', printable(version, kMaxVersion));
}

std::string answerIn(std::string_view decision) {
  if (decision.empty()) return {};
  return api::text(api::member(nlohmann::json::parse(decision, nullptr, false), "reason"));
}

std::vector<std::string> agentsIn(std::string_view decision, std::string_view container) {
  std::vector<std::string> out;
  const auto json = nlohmann::json::parse(decision, nullptr, false);
  const auto listIn = [](const nlohmann::json& object, const char* key) {
    const nlohmann::json& list = api::member(object, key);
    return list.is_array() ? list : nlohmann::json::array();
  };
  const auto textIn = [](const nlohmann::json& object, const char* key) {
    return api::text(api::member(object, key));
  };
  for (const nlohmann::json& c : listIn(json, "containers")) {
    if (textIn(c, "name") != container || textIn(c, "action") != "injected") continue;
    for (const nlohmann::json& l : listIn(c, "languages")) {
      const auto language = api::languageFromToken(textIn(l, "language"));
      if (language) out.push_back(agentName(api::languageToken(*language), textIn(l, "version")));
    }
  }
  return out;
}

std::vector<Guess> guessesIn(const nlohmann::json& decision) {
  std::vector<Guess> out;
  const nlohmann::json& containers = api::member(decision, "containers");
  if (!containers.is_array()) return out;
  for (const nlohmann::json& c : containers) {
    Guess guess{api::text(api::member(c, "name")), api::text(api::member(c, "guess")),
                api::text(api::member(c, "guessedVersion"))};
    if (!guess.container.empty() && !guess.image_hash.empty()) out.push_back(std::move(guess));
  }
  return out;
}

std::vector<Guess> guessesInText(std::string_view decision) {
  if (decision.find(R"("guess":)") == std::string_view::npos) return {};
  return guessesIn(nlohmann::json::parse(decision, nullptr, false));
}

std::string decisionJson(const Decision& decision, Reason reason, const Assigned* injected,
                         const std::vector<ContainerDecision>& containers,
                         const api::AgentImages& agents) {
  std::string out = "{";
  if (!decision.policyName().empty()) {
    out += R"("policy":)";
    appendJsonString(out, decision.policyName());
    out += ',';
    if (decision.byClusterPolicy()) out += R"("policyKind":"ClusterProfilingPolicy",)";
  }
  const bool has_revision = injected != nullptr && !injected->policy->revision.empty();
  if (has_revision) {
    out += R"("revision":)";
    appendJsonString(out, injected->policy->revision);
    out += ',';
    if (!injected->replica.empty()) {
      out += R"("replica":)";
      appendJsonString(out, injected->replica);
      out += ',';
    }
  }
  out += has_revision ? R"("action":"injected","reason":")" : R"("action":"skipped","reason":")";
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
    strAppend(out, R"(,"more":)", containers.size() - written);
  }
  out += '}';
  return out;
}

}  // namespace profiling::inject
