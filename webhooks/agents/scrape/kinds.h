// The table of scraped profiles. Pure.
// Names, paths and units are those of Go's net/http/pprof and runtime/pprof; the stored names are
// those of Grafana Alloy's pyroscope.scrape, so that both collectors fill the same series.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "webhooks/agents/scrape/pprof/profile.h"
#include "webhooks/agents/scrape/pprof/rewrite.h"

namespace profiling::scrape {

enum class Kind : std::uint8_t { kCpu, kMemory, kGoroutine, kBlock, kMutex };
inline constexpr std::size_t kKinds = 5;

// The profile kinds that the policy enables.
struct Wanted {
  bool cpu = true;
  bool allocations = true;
  bool in_use_memory = true;
  bool goroutines = true;
  bool locks = true;  // block and mutex
};

struct KindRow {
  Kind kind;
  std::string_view name;  // __name__
  // Below the base, tried in this order: Rust's jemalloc_pprof serves heap only, and Go's heap and
  // allocs differ only in the column that a viewer shows first.
  std::array<std::string_view, 2> paths;
};

const std::array<KindRow, kKinds>& kindRows();
const KindRow& kindRow(Kind kind);
bool wants(const Wanted& wanted, Kind kind);

// The columns of such a profile that are sent, and those that count from the start of the process.
std::vector<Column> columnsOf(Kind kind, const std::vector<ValueType>& types, const Wanted& wanted);

}  // namespace profiling::scrape
