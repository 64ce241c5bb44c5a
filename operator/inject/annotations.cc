#include "operator/inject/annotations.h"

#include <algorithm>

#include "operator/base/names.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"

namespace profiling::inject {

Warning invalidAnnotation(std::string_view key, std::string_view value, std::string_view allowed) {
  return {strCat(key, ": \"", printable(value, 80), "\" is ignored; allowed: ", allowed)};
}

InjectValue parseInject(std::optional<std::string_view> value, std::string_view place,
                        std::vector<Warning>& warnings) {
  InjectValue out;
  if (!value) return out;
  if (*value == "true") {
    out.kind = InjectValue::Kind::kYes;
    return out;
  }
  if (*value == "false") {
    out.kind = InjectValue::Kind::kNo;
    return out;
  }
  bool some_unknown = value->size() > kMaxInjectBytes;
  if (!some_unknown) {
    for (const std::string_view token : split(*value, ',')) {
      const std::optional<api::Language> language = api::languageFromToken(trim(token));
      if (!language) {
        some_unknown = true;
      } else if (std::ranges::find(out.languages, *language) == out.languages.end()) {
        out.languages.push_back(*language);
      }
    }
  }
  if (some_unknown) {
    std::string allowed = "true, false, or a list of ";
    for (std::size_t i = 0; i < api::kLanguageCount; ++i) {
      strAppend(allowed, i == 0 ? "" : ", ", api::languageToken(static_cast<api::Language>(i)));
    }
    warnings.push_back(invalidAnnotation(strCat(place, ' ', api::kInjectKey), *value, allowed));
  }
  out.kind = out.languages.empty() ? InjectValue::Kind::kInvalid : InjectValue::Kind::kLanguages;
  return out;
}

ContainerSelection parseContainers(std::optional<std::string_view> value,
                                   std::vector<Warning>& warnings) {
  ContainerSelection out;
  if (!value) return out;
  constexpr std::string_view kAllowed = "names of containers, *, !name, at most 64";
  if (value->size() > kMaxContainersBytes) {
    warnings.push_back(invalidAnnotation(api::kContainersKey, *value, kAllowed));
    return out;
  }
  bool bad = false;
  for (std::string_view token : split(*value, ',')) {
    token = trim(token);
    const bool excluded = token.starts_with('!');
    if (excluded) token.remove_prefix(1);
    if (token == "*" && !excluded) {
      out.all = true;
    } else if (isDnsLabel(token) && out.names.size() + out.excluded.size() < kMaxContainerNames) {
      (excluded ? out.excluded : out.names).push_back(token);
    } else {
      bad = true;
    }
  }
  if (bad) warnings.push_back(invalidAnnotation(api::kContainersKey, *value, kAllowed));
  if (out.names.empty() && !out.excluded.empty()) out.all = true;
  out.given = out.all || !out.names.empty();
  return out;
}

}  // namespace profiling::inject
