#include "controllers/pods/pod_group.h"

#include "operator/base/text.h"

namespace profiling::controllers {

std::vector<api::KeyValueView> labelsOf(const PodClass& pods) {
  std::vector<api::KeyValueView> out;
  const std::vector<std::string_view> parts = split(pods.labels, '\n');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) out.push_back({parts[i], parts[i + 1]});
  return out;
}

}  // namespace profiling::controllers
