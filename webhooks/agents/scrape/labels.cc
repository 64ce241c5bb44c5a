#include "webhooks/agents/scrape/labels.h"

#include <algorithm>

#include "operator/base/text.h"

namespace profiling::scrape {
namespace {

constexpr std::size_t kMaxLabels = 30;
constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxValue = 2048;

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c != 0x7F && std::string_view("{}=").find(c) == std::string_view::npos;
  });
}

}  // namespace

Labels labelsOf(std::string_view service, std::string_view text) {
  Labels labels{{"service_name", std::string(service)}};
  for (const std::string_view pair : split(text, ',')) {
    const std::size_t eq = pair.find('=');
    if (eq == std::string_view::npos || labels.size() == kMaxLabels) continue;
    const std::string_view name = trim(pair.substr(0, eq)), value = trim(pair.substr(eq + 1));
    if (name.empty() || value.empty() || name.size() > kMaxName || value.size() > kMaxValue ||
        !plain(name) || !plain(value) || name.starts_with("__")) {
      continue;
    }
    const auto same = [&](const auto& label) { return label.first == name; };
    if (std::any_of(labels.begin(), labels.end(), same)) continue;
    labels.emplace_back(name, value);
  }
  return labels;
}

}  // namespace profiling::scrape
