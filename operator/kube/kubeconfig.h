// Internals of config.h: reads files and merges kubeconfigs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"
#include "operator/kube/config.h"

namespace profiling::kube {

// At most 1 MiB; kNotFound if the file is missing. Errors name the file.
Result<std::string> readSmallFile(const std::string& path);
// As above, and the text must hold a PEM block whose label ends with `label` ("CERTIFICATE").
Result<std::string> readPemFile(const std::string& path, std::string_view label);

// The first file that names a cluster, user, context or current-context wins.
Result<ClusterConfig> mergedKubeconfig(const std::vector<std::string>& paths,
                                       std::string_view context);

}  // namespace profiling::kube
