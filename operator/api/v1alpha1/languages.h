// The table of languages. Everything that lists languages or names one in text derives from it.
// Internal to operator/api; others use the functions of policy.h.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "operator/api/fields.h"
#include "operator/api/v1alpha1/policy.h"

namespace profiling::api {

struct LanguageNames {
  Language language;
  const char* name;        // in policies
  std::string_view token;  // in annotations and image names
  std::string_view other_token = {};
  bool optional_agent = false;
};
inline constexpr std::array<LanguageNames, kLanguageCount> kLanguages{
    {{Language::kJava, "Java", "java"},
     {Language::kPython, "Python", "python"},
     {Language::kNodeJS, "NodeJS", "node", "nodejs"},
     {Language::kDotNet, "DotNet", "dotnet", "", true},
     {Language::kRuby, "Ruby", "ruby", "", true},
     {Language::kGo, "Go", "go", "", true},
     {Language::kNative, "Native", "native", "rust", true}}};

template <>
struct EnumTable<Language> {
  static constexpr auto names = [] {
    std::array<std::pair<Language, const char*>, kLanguageCount> out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = {kLanguages[i].language, kLanguages[i].name};
    return out;
  }();
};

}  // namespace profiling::api
