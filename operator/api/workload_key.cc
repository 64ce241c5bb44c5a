#include "operator/api/workload_key.h"

namespace profiling::api {

std::string workloadKeyText(std::string_view namespace_, std::string_view kind,
                            std::string_view name) {
  std::string key;
  key.reserve(namespace_.size() + kind.size() + name.size() + 2);
  key.append(namespace_).append(1, '/').append(kind).append(1, '/').append(name);
  return key;
}

std::optional<WorkloadKey> WorkloadKey::parse(std::string_view text) {
  const std::size_t first = text.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  WorkloadKey key{std::string(text.substr(0, first)),
                  std::string(text.substr(first + 1, second - first - 1)),
                  std::string(text.substr(second + 1))};
  if (key.namespace_.empty() || key.kind.empty() || key.name.empty() ||
      key.name.find('/') != std::string::npos) {
    return std::nullopt;
  }
  return key;
}

std::string WorkloadKey::text() const {
  return workloadKeyText(namespace_, kind, name);
}

std::string WorkloadKey::kindAndName() const {
  return kind + "/" + name;
}

}  // namespace profiling::api
