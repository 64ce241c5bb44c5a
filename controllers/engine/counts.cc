#include "controllers/engine/counts.h"

#include <algorithm>
#include <tuple>

namespace profiling::engine {

Counts countPods(const Pods& pods, std::string_view revision, std::int64_t partition) {
  Counts c;
  for (const Pod& pod : pods) {
    c.highest_ordinal = std::max(c.highest_ordinal, pod.ordinal);
    if (pod.deleting) {
      ++c.deleting;
      continue;
    }
    ++c.live;
    c.restarts += pod.restarts;
    if (pod.ready) ++c.ready;
    if (!pod.eligible || (pod.ordinal >= 0 && pod.ordinal < partition)) continue;
    ++c.total;
    if (pod.revision != revision) continue;
    ++c.on;
    if (pod.ready) ++c.on_ready;
  }
  return c;
}

std::vector<const Pod*> candidates(const Pods& pods, std::string_view revision,
                                   std::int64_t first_ordinal) {
  std::vector<const Pod*> out;
  for (const Pod& pod : pods) {
    if (pod.deleting || !pod.eligible || pod.revision == revision) continue;
    if (pod.ordinal >= 0 && pod.ordinal < first_ordinal) continue;
    out.push_back(&pod);
  }
  std::sort(out.begin(), out.end(), [](const Pod* a, const Pod* b) {
    const auto key = [](const Pod* p) {
      return std::make_tuple(p->ready, p->revision.empty(), -p->ordinal, std::string_view(p->name));
    };
    return key(a) < key(b);
  });
  return out;
}

}  // namespace profiling::engine
