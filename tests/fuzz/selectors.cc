// A policy's selector and labels: validation and matching end, and both ways to look labels up agree.
#include <nlohmann/json.hpp>

#include "operator/api/selector.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)
using Json = nlohmann::json;

FUZZ(std::string_view input) {
  const Json read = Json::parse(input, nullptr, false);
  if (!read.is_object() || !read.contains("selector")) return;
  const auto policy = api::policyFromJson(
      {{"metadata", {{"name", "p"}, {"namespace", "n"}}},
       {"spec", {{"endpoint", {{"url", "http://p:4040"}}}, {"selector", read.at("selector")}}}});
  if (!policy.ok()) return;
  std::map<std::string, std::string> labels;
  if (const auto given = read.find("labels"); given != read.end() && given->is_object()) {
    for (const auto& [key, value] : given->items()) {
      if (value.is_string()) labels.emplace(key, value.get<std::string>());
    }
  }
  const api::LabelSelector& selector = policy->spec.selector;
  require(api::validate(selector, "/spec/selector").ok(),
          "a policy that was read has a valid selector");
  const bool by_map = api::matches(selector, labels);
  const bool by_lookup =
      api::matches(selector, [&](std::string_view key) -> std::optional<std::string_view> {
        const auto it = labels.find(std::string(key));
        if (it == labels.end()) return std::nullopt;
        return it->second;
      });
  require(by_map == by_lookup, "both look-ups match alike");
  if (selector.match_labels.empty() && selector.match_expressions.empty()) {
    require(by_map, "an empty selector matches everything");
  }
}
