// A custom resource's JSON through each kind's reader: an error names a place, and what was read and
// written is read again as the same.
#include <nlohmann/json.hpp>

#include "operator/api/ebpf_settings.h"
#include "operator/api/revision.h"
#include "operator/api/v1alpha1/codec.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)
using Json = nlohmann::json;

namespace {

template <class Kind>
void check(Result<Kind> (*read)(const Json&), const Json& object) {
  const Result<Kind> first = read(object);
  if (!first.ok()) {
    require(!first.status().message().empty(), "an error has a text");
    return;
  }
  if constexpr (requires(const Kind& kind) { api::toJson(kind); }) {
    const Json written = api::toJson(*first);
    const Result<Kind> second = read(written);
    require(second.ok(), "what is written can be read");
    require(api::toJson(*second) == written, "what is read again is the same");
  }
}

int depthOf(std::string_view text) {
  int depth = 0, most = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') most = std::max(most, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  return most;
}

}  // namespace

FUZZ(std::string_view input) {
  (void)api::ebpfSettingsFromJson(input);
  if (depthOf(input) > 200) return;  // refused before there is a document
  const Json object = Json::parse(input, nullptr, false);
  if (object.is_discarded()) return;
  check(api::policyFromJson, object);
  check(api::clusterPolicyFromJson, object);
  check(api::serverFromJson, object);
  check(api::workloadFromJson, object);
  check(api::revisionFromJson, object);
}
