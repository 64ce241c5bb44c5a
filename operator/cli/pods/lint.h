// What is wrong with manifests before anybody applies them: policies and servers, our annotations,
// and settings that look like Pyroscope's but are read by nothing. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/pods/knowledge.h"
#include "operator/cli/pods/manifest.h"

namespace profiling::cli {

struct Finding {
  bool error = false;   // the API server refuses it, or nothing would come of it
  std::string place;    // "web.yaml: Deployment/web"
  std::string field;    // JSON pointer; may be empty
  std::string message;  // names the value and what is allowed

  bool operator==(const Finding&) const = default;
};

// `namespace_` is the one of objects that name none. References to what the files do not hold are
// warnings where the files hold objects of that kind at all.
std::vector<Finding> lint(const std::vector<Document>& documents, const std::string& namespace_,
                          inject::Settings settings);

}  // namespace profiling::cli
