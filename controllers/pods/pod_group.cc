#include "controllers/pods/pod_group.h"

#include "operator/base/text.h"
#include "webhooks/inject/lang/language.h"
#include "webhooks/inject/names.h"

namespace profiling::controllers {

std::string groupKey(std::string_view namespace_, std::string_view kind, std::string_view name) {
  std::string key;
  key.reserve(namespace_.size() + kind.size() + name.size() + 2);
  key.append(namespace_).append(1, '/').append(kind).append(1, '/').append(name);
  return key;
}

bool isOurs(bool init, std::string_view container) {
  if (!container.starts_with(inject::kInitContainerPrefix)) return false;
  if (init) return true;
  // A sidecar is no init container where nodes are too old for native ones.
  const auto language =
      api::languageFromToken(container.substr(inject::kInitContainerPrefix.size()));
  return language && inject::languageRow(*language).scraped;
}

std::vector<api::KeyValueView> labelsOf(const PodClass& pods) {
  std::vector<api::KeyValueView> out;
  const std::vector<std::string_view> parts = split(pods.labels, '\n');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) out.push_back({parts[i], parts[i + 1]});
  return out;
}

}  // namespace profiling::controllers
