// Pods as a watch sends them, one a line: decoding ends, the table counts them, and after they have
// gone it keeps nothing of them.
#include "controllers/pods/pod_table.h"
#include "operator/base/text.h"
#include "operator/inject/pods/facts_decoder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/padded.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  inject::FactsDecoder decoder;
  controllers::PodTable table;
  std::vector<std::string> keys;
  for (const std::string_view line : split(input, '\n')) {
    const test::Padded padded{std::string(line)};
    const auto pod = decoder.decode(padded.view());
    if (!pod.ok()) continue;
    keys.push_back(std::string(pod->namespace_) + "/" + std::string(pod->name));
    table.upsert(*pod);
  }
  require(table.stats().pods <= keys.size(), "a pod is one row");
  for (const auto& listed : table.groups("")) {
    (void)table.members(listed.key);
    (void)table.images(listed.key);
  }
  for (const std::string& key : keys) table.erase(key);
  const auto left = table.stats();
  require(
      left.pods == 0 && left.groups == 0 && left.symbols == controllers::PodTable().stats().symbols,
      "nothing is left of pods that have gone");
}
