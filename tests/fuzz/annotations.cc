// The texts of a pod's annotations, one a line: reading them ends, warnings are short and printable,
// and names that are taken from them are names.
#include "operator/inject/annotations.h"

#include <nlohmann/json.hpp>

#include "operator/base/names.h"
#include "operator/base/text.h"
#include "tests/fuzz/admission.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

void checkWarnings(const std::vector<inject::Warning>& warnings) {
  for (const inject::Warning& warning : warnings) {
    require(warning.text.size() <= 240, "a warning has at most 240 bytes");
    for (const char c : warning.text) {
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a warning is printable");
    }
  }
}

void checkGrammar(std::string_view text) {
  std::vector<inject::Warning> warnings;
  const auto wanted = inject::parseInject(text, "pod", warnings);
  require(wanted.kind != inject::InjectValue::Kind::kAbsent, "a value that is there is not absent");
  require((wanted.kind == inject::InjectValue::Kind::kLanguages) == !wanted.languages.empty(),
          "languages come with their kind alone");
  const auto containers = inject::parseContainers(text, warnings);
  for (const auto* names : {&containers.names, &containers.excluded}) {
    require(names->size() <= inject::kMaxContainerNames, "names are bounded");
    for (const std::string_view name : *names)
      require(isDnsLabel(name), "a container's name is a label");
  }
  if (isDnsSubdomain(text))
    require(text.size() <= 253 && !text.empty(), "a name has 1 to 253 bytes");
  checkWarnings(warnings);
}

}  // namespace

FUZZ(std::string_view input) {
  constexpr const char* kKeys[] = {"containers",        "tags",   "service-name", "pprof-port",
                                   "pprof-path-prefix", "policy", "inject"};
  Json annotations = {{"profiling.dev/inject", "true"}};
  std::size_t number = 0;
  for (const std::string_view line : split(input, '\n')) {
    checkGrammar(line);
    if (number < std::size(kKeys))
      annotations[std::string("profiling.dev/") + kKeys[number++]] = line;
  }
  const Json pod = {{"metadata", {{"annotations", annotations}}},
                    {"spec", {{"containers", {{{"name", "app"}, {"image", "golang:1"}}}}}}};
  const auto answer = post(reviewOf(pod).dump(-1, ' ', false, Json::error_handler_t::replace));
  (void)patchOf(answer);
}
