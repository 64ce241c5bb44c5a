#include "operator/cli/pods/schema_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/api/v1alpha1/endpoint_url.h"
#include "operator/base/quantity.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"
#include "operator/inject/tag_rules.h"

namespace profiling::cli {
namespace {

using api::member;
using api::text;
using Json = nlohmann::json;

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool alnum(char c) {
  return digit(c) || lower(c) || (c >= 'A' && c <= 'Z');
}

// Whether all characters are alphanumeric (of lower case, if so) or one of `more`.
bool only(std::string_view value, std::string_view more, bool small = false) {
  return std::ranges::all_of(value, [&](char c) {
    return (small ? digit(c) || lower(c) : alnum(c)) || more.find(c) != std::string_view::npos;
  });
}
bool ends(std::string_view value, bool (*first)(char), bool (*last)(char)) {
  return !value.empty() && first(value.front()) && last(value.back());
}
bool lowerOrDigit(char c) {
  return lower(c) || digit(c);
}

bool timeOfDay(std::string_view t) {
  if (t.size() != 5 || t[2] != ':' || !digit(t[0]) || !digit(t[1]) || !digit(t[3]) ||
      !digit(t[4])) {
    return false;
  }
  return t.substr(0, 2) < "24" && t[3] < '6';
}

bool memory(std::string_view t) {
  for (const std::string_view unit : {"Ki", "Mi", "Gi"}) {
    if (t.ends_with(unit)) {
      t.remove_suffix(unit.size());
      break;
    }
  }
  return !t.empty() && t.size() <= 9 && std::ranges::all_of(t, digit);
}

struct Pattern {
  std::string_view text;
  bool (*matches)(std::string_view);
};
constexpr std::array<Pattern, 8> kPatterns{{
    {"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
     [](std::string_view t) { return ends(t, lowerOrDigit, lowerOrDigit) && only(t, "-", true); }},
    {"^[A-Za-z0-9!_.*'()-]*$", [](std::string_view t) { return only(t, "!_.*'()-"); }},
    {"^[^{},= ]*$",
     [](std::string_view t) { return t.find_first_of("{},= ") == std::string_view::npos; }},
    {"^([01][0-9]|2[0-3]):[0-5][0-9]$", timeOfDay},
    {"^[0-9]{1,9}(Ki|Mi|Gi)?$", memory},
    {"^[A-Za-z0-9-]*$", [](std::string_view t) { return only(t, "-"); }},
    {"^[a-z0-9][a-z0-9.-]*[a-z0-9]$",
     [](std::string_view t) {
       return t.size() > 1 && ends(t, lowerOrDigit, lowerOrDigit) && only(t, ".-", true);
     }},
    {"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
     [](std::string_view t) { return ends(t, lowerOrDigit, lowerOrDigit) && only(t, ".-", true); }},
}};

// A duration of the form that the rules' pattern allows: whole numbers with units, no sign.
std::optional<std::chrono::milliseconds> durationOf(std::string_view value, bool milliseconds) {
  if (value.empty() || !digit(value.front())) return std::nullopt;
  if (!std::ranges::all_of(value,
                           [](char c) { return digit(c) || c == 'h' || c == 'm' || c == 's'; })) {
    return std::nullopt;
  }
  if (!milliseconds && value.find("ms") != std::string_view::npos) return std::nullopt;
  const auto parsed = parseDuration(value);
  if (!parsed.ok()) return std::nullopt;
  return *parsed;
}

bool listsValues(const Json& self) {
  const std::string op = text(member(self, "operator"));
  const Json& values = member(self, "values");
  const bool some = values.is_array() && !values.empty();
  return op == "In" || op == "NotIn" ? some : !some;
}

bool rises(const Json& self) {
  if (self.empty()) return false;
  for (std::size_t i = 1; i < self.size(); ++i) {
    if (self[i - 1] >= self[i]) return false;
  }
  return true;
}

bool elements(std::string_view prefix, bool (*allowed)(std::string_view)) {
  const auto parts = split(prefix, '/');
  return std::ranges::all_of(parts, allowed);
}

bool isHostAndPort(std::string_view value) {
  const std::size_t colon = value.find(':');
  const std::string_view host = value.substr(0, colon);
  if (!ends(host, alnum, alnum) || !only(host, ".-")) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = value.substr(colon + 1);
  return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, digit);
}

bool areTags(const Json& self) {
  return std::ranges::all_of(self.items(), [](const auto& tag) {
    return inject::isTagName(tag.key()) && inject::isTagValue(text(tag.value()));
  });
}

bool isServerName(const Json& self) {
  const std::string name = text(member(self, "metadata", "name"));
  return name.size() <= 50 && ends(name, lower, lowerOrDigit) && only(name, "-", true);
}

bool lasts(std::string_view value, std::string_view least, std::string_view most) {
  const auto given = durationOf(value, true);
  return given && *given >= *durationOf(least, true) && *given <= *durationOf(most, true);
}

// With "if X then set and not empty, only then".
bool setOnlyIf(bool wanted, const Json& value) {
  return wanted == (value.is_string() && !text(value).empty());
}

struct Rule {
  std::string_view text;  // without the white space of YAML's folding
  bool (*holds)(const Json& self);
};
constexpr std::array<Rule, 21> kRules{{
    {"has(self.serverRef) != has(self.endpoint)",
     [](const Json& self) { return self.contains("serverRef") != self.contains("endpoint"); }},
    {"!has(self.serverRef) || has(self.serverRef.namespace)",
     [](const Json& self) {
       return !self.contains("serverRef") || self["serverRef"].contains("namespace");
     }},
    {"self.operator in ['In', 'NotIn'] ? (has(self.values) && size(self.values) > 0) : "
     "(!has(self.values) || size(self.values) == 0)",
     listsValues},
    {"self.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist']",
     [](const Json& self) {
       const std::string op = text(member(self, "operator"));
       return op == "In" || op == "NotIn" || op == "Exists" || op == "DoesNotExist";
     }},
    {R"(self.matches(r'^https?://([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,}\])(:[0-9]{1,5})?(/[!"$->@-~]*)?$'))",
     [](const Json& self) { return api::isEndpointUrl(text(self)); }},
    {R"(!self.lowerAscii().matches(r'^https?://(localhost|[^/:]*\.localhost|metadata\.google\.internal|(127|0)(\.[0-9]+){3}|169\.254(\.[0-9]+){2}|100\.100\.100\.200)\.?(:[0-9]+)?(/.*)?$') )"
     R"(&& (!self.lowerAscii().matches(r'^https?://(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?(:[0-9]+)?(/.*)?$') )"
     R"(|| self.matches(r'^https?://(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}\.?([:/].*)?$')) )"
     R"(&& !self.lowerAscii().matches(r'^https?://\[([0:]+|[0:]*1|[^\]]*\.[^\]]*|[0:]{2,}ffff:[^\]]*|fe[89ab].:[^\]]*|fd00:ec2::254)\]'))",
     [](const Json& self) { return api::isForeignHost(text(self)); }},
    {"self != '.' && self != '..'", [](const Json& self) { return self != "." && self != ".."; }},
    {"!('Auto' in self) || size(self) == 1",
     [](const Json& self) {
       return self.size() == 1 || std::ranges::find(self, Json("Auto")) == self.end();
     }},
    {"(self.from in ['Label', 'Annotation']) == (has(self.key) && self.key != '')",
     [](const Json& self) {
       const std::string from = text(member(self, "from"));
       return setOnlyIf(from == "Label" || from == "Annotation", member(self, "key"));
     }},
    {"(self.from == 'Fixed') == (has(self.value) && self.value != '')",
     [](const Json& self) {
       return setOnlyIf(text(member(self, "from")) == "Fixed", member(self, "value"));
     }},
    {"self.all(k, k.size() <= 63 && k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$') && !k.startsWith('__') "
     "&& self[k].matches('^[!-~]+$') && !self[k].matches('[{},=]'))",
     areTags},
    {"!has(self.order)", [](const Json& self) { return !self.contains("order"); }},
    {"self.all(i, self.exists_one(j, j == i)) && self.size() >= 1 && (self.size() == 1 || "
     "self.all(i, self.indexOf(i) == 0 || self[self.indexOf(i) - 1] < i))",
     rises},
    {"self.metadata.name.size() <= 50 && "
     "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
     isServerName},
    {"(self.type == 'S3') == has(self.s3)",
     [](const Json& self) { return (text(member(self, "type")) == "S3") == self.contains("s3"); }},
    {"self.matches('^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$')",
     [](const Json& self) { return isHostAndPort(text(self)); }},
    {"self == '' || self.matches('^[A-Za-z_.-][A-Za-z0-9_.-]*(/[A-Za-z_.-][A-Za-z0-9_.-]*)*$')",
     [](const Json& self) {
       return text(self).empty() || elements(text(self), [](std::string_view e) {
                return !e.empty() && !digit(e.front()) && only(e, "_.-");
              });
     }},
    {"self.split('/').all(e, e != '.' && e != '..')",
     [](const Json& self) {
       return elements(text(self), [](std::string_view e) { return e != "." && e != ".."; });
     }},
    {"isQuantity(self) && quantity(self).isGreaterThan(quantity('99Mi'))",
     [](const Json& self) {
       const auto size = parseQuantity(text(self));
       return size && *size > 99.0 * 1024 * 1024;
     }},
    {"self == '0' || (self.matches('^([0-9]+(h|m|s))+$') && duration(self) >= duration('1h'))",
     [](const Json& self) {
       if (self == "0") return true;
       const auto kept = durationOf(text(self), false);
       return kept && *kept >= std::chrono::hours(1);
     }},
    {"(self.from == 'Selector') == has(self.selector)",
     [](const Json& self) {
       return (text(member(self, "from")) == "Selector") == self.contains("selector");
     }},
}};

// "… duration(self) >= duration('5s') && duration(self) <= duration('10m')"
ObjectRule durationRule(std::string_view rule) {
  constexpr std::string_view kHead =
      "self.matches('^([0-9]+(h|m|s|ms))+$') && duration(self) >= duration('";
  constexpr std::string_view kMiddle = "') && duration(self) <= duration('";
  const std::size_t middle = rule.find(kMiddle);
  if (!rule.starts_with(kHead) || middle == std::string_view::npos || !rule.ends_with("')")) {
    return nullptr;
  }
  const std::string least(rule.substr(kHead.size(), middle - kHead.size()));
  std::string_view rest = rule.substr(middle + kMiddle.size());
  rest.remove_suffix(2);
  return [least, most = std::string(rest)](const Json& self) {
    return lasts(text(self), least, most);
  };
}

}  // namespace

TextRule patternRule(std::string_view pattern) {
  const auto* const it = std::ranges::find(kPatterns, pattern, &Pattern::text);
  return it == kPatterns.end() ? TextRule() : TextRule(it->matches);
}

ObjectRule celRule(std::string_view rule) {
  if (rule.find("oldSelf") != std::string_view::npos) return [](const Json&) { return true; };
  const auto* const it = std::ranges::find(kRules, rule, &Rule::text);
  return it == kRules.end() ? durationRule(rule) : ObjectRule(it->holds);
}

}  // namespace profiling::cli
