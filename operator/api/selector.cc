#include "operator/api/selector.h"

#include <algorithm>

#include "operator/base/text.h"

namespace profiling::api {
namespace {

bool holds(const LabelRequirement& r, const std::optional<std::string_view>& value) {
  const auto listed = [&] {
    return std::find(r.values.begin(), r.values.end(), *value) != r.values.end();
  };
  if (r.op == "In") return value && listed();
  if (r.op == "NotIn") return !value || !listed();
  if (r.op == "Exists") return value.has_value();
  if (r.op == "DoesNotExist") return !value;
  // validate() refuses other operators; an unknown one selects nothing.
  return false;
}

}  // namespace

bool matches(const LabelSelector& selector, const LabelLookup& labels) {
  for (const auto& [key, wanted] : selector.match_labels) {
    const auto value = labels(key);
    if (!value || *value != wanted) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const LabelRequirement& r) { return holds(r, labels(r.key)); });
}

bool matches(const LabelSelector& selector, const std::map<std::string, std::string>& labels) {
  return matches(selector, [&](std::string_view key) -> std::optional<std::string_view> {
    const auto it = labels.find(std::string(key));
    if (it == labels.end()) return std::nullopt;
    return it->second;
  });
}

Status validate(const LabelSelector& selector, std::string_view path) {
  for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
    const LabelRequirement& r = selector.match_expressions[i];
    const std::string at = "at " + std::string(path) + "/matchExpressions/" + std::to_string(i);
    const bool lists = r.op == "In" || r.op == "NotIn";
    if (!lists && r.op != "Exists" && r.op != "DoesNotExist") {
      return {Code::kInvalidArgument, at + "/operator: '" + printable(r.op) +
                                          "' must be 'In', 'NotIn', 'Exists' or 'DoesNotExist'"};
    }
    if (lists == r.values.empty()) {
      return {Code::kInvalidArgument, at + "/values: must " +
                                          (lists ? "hold at least one value" : "be empty") +
                                          " when operator is '" + r.op + "'"};
    }
  }
  return {};
}

}  // namespace profiling::api
