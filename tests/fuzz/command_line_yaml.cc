// Manifests and settings as people give them to the command line: reading ends within bounds, and
// what is shown as YAML or JSON is read again as the same.
#include <nlohmann/json.hpp>

#include "operator/cli/structured.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

// YAML may also come as UTF-16 or UTF-32, and what the parser makes of broken ones is replaced when
// it is shown.
bool isUtf8(const nlohmann::json& document) {
  try {
    (void)document.dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

FUZZ(std::string_view input) {
  cli::YamlBudget budget;
  const auto documents = cli::parseDocuments(std::string(input), 0, budget);
  if (!documents.ok()) {
    require(documents.status().code() == Code::kInvalidArgument,
            "a wrong document is the caller's error");
    return;
  }
  for (const nlohmann::json& document : *documents) {
    if (!isUtf8(document)) continue;
    const std::string json = cli::render(document, cli::Format::kJson);
    require(nlohmann::json::parse(json, nullptr, false) == document, "JSON is read back");
    require(cli::parseDocument(cli::render(document, cli::Format::kYaml)).ok(),
            "YAML is read back");
  }
}
