#include "webhooks/agents/scrape/kinds.h"

namespace profiling::scrape {

const std::array<KindRow, kKinds>& kindRows() {
  static constexpr std::array<KindRow, kKinds> kRows{{
      {Kind::kCpu, "process_cpu", {"profile", ""}},
      {Kind::kMemory, "memory", {"allocs", "heap"}},
      {Kind::kGoroutine, "goroutine", {"goroutine", ""}},
      {Kind::kBlock, "block", {"block", ""}},
      {Kind::kMutex, "mutex", {"mutex", ""}},
  }};
  return kRows;
}

const KindRow& kindRow(Kind kind) {
  return kindRows().at(static_cast<std::size_t>(kind));
}

bool wants(const Wanted& wanted, Kind kind) {
  switch (kind) {
    case Kind::kCpu:
      return wanted.cpu;
    case Kind::kMemory:
      return wanted.allocations || wanted.in_use_memory;
    case Kind::kGoroutine:
      return wanted.goroutines;
    case Kind::kBlock:
    case Kind::kMutex:
      return wanted.locks;
  }
  return false;
}

std::vector<Column> columnsOf(Kind kind, const std::vector<ValueType>& types,
                              const Wanted& wanted) {
  std::vector<Column> columns;
  for (const ValueType& type : types) {
    Column column;
    if (kind == Kind::kMemory && type.type.starts_with("alloc_")) {
      column = {wanted.allocations, true};
    } else if (kind == Kind::kMemory && type.type.starts_with("inuse_")) {
      column = {wanted.in_use_memory, false};
    } else if (kind == Kind::kBlock || kind == Kind::kMutex) {
      column = {true, true};
    }
    columns.push_back(column);
  }
  return columns;
}

}  // namespace profiling::scrape
