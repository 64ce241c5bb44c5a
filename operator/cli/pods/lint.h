// Checks manifests: policies and servers, our annotations, and settings that look like Pyroscope's
// but have no effect. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/pods/manifest.h"
#include "operator/cli/pods/policy_inputs.h"

namespace profiling::cli {

struct Finding {
  bool error = false;   // the API server would refuse or ignore it
  std::string place;    // "web.yaml: Deployment/web"
  std::string field;    // JSON pointer; may be empty
  std::string message;  // names the value and what is allowed

  bool operator==(const Finding&) const = default;
};

// Objects without a namespace belong to `namespace_`. A reference to an object that is not in the
// files is a warning if the files contain any object of that kind.
std::vector<Finding> lint(const std::vector<Document>& documents, const std::string& namespace_,
                          inject::Settings settings);

}  // namespace profiling::cli
