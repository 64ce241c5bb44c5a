#include "operator/cli/history.h"

#include <algorithm>
#include <functional>

#include <nlohmann/json.hpp>

#include "operator/cli/progress.h"

namespace profiling::cli {
namespace {

struct Entry {
  const api::WorkloadProfile* workload;
  const api::RolloutHistory* what;
};

std::vector<Entry> newestFirst(const Workloads& workloads) {
  std::vector<Entry> entries;
  for (const api::WorkloadProfile& workload : workloads) {
    if (!workload.status.rollout) continue;
    for (const api::RolloutHistory& what : workload.status.rollout->history) {
      entries.push_back({&workload, &what});
    }
  }
  // RFC 3339 in UTC sorts as text; a record's own order holds among equals.
  std::ranges::stable_sort(entries, std::ranges::greater{},
                           [](const Entry& e) { return std::string_view(e.what->time); });
  return entries;
}

Tone toneOf(const api::RecordedResult& result) {
  using api::HistoryResult;
  if (result == HistoryResult::kComplete) return Tone::kGood;
  const bool alarm = result == HistoryResult::kRolledBack || result == HistoryResult::kAborted;
  return alarm ? Tone::kAlarm : Tone::kPlain;
}

}  // namespace

Table historyTable(const Workloads& workloads, bool namespaces, WallTime now) {
  Table table;
  if (namespaces) table.headers.emplace_back("NAMESPACE");
  for (const char* header : {"WORKLOAD", "REVISION", "RESULT", "REASON", "TIME", "AGE"}) {
    table.headers.emplace_back(header);
  }
  for (const Entry& entry : newestFirst(workloads)) {
    std::vector<Cell> row;
    if (namespaces) row.emplace_back(entry.workload->metadata.namespace_);
    row.emplace_back(shortName(*entry.workload));
    row.emplace_back(entry.what->revision);
    row.emplace_back(std::string(entry.what->result.text()), toneOf(entry.what->result));
    row.emplace_back(std::string(entry.what->reason.text()));
    row.emplace_back(entry.what->time);
    row.emplace_back(age(entry.what->time, now));
    table.rows.push_back(std::move(row));
  }
  return table;
}

nlohmann::json historyJson(const Workloads& workloads) {
  nlohmann::json history = nlohmann::json::array();
  for (const Entry& entry : newestFirst(workloads)) {
    history.push_back({{"namespace", entry.workload->metadata.namespace_},
                       {"name", shortName(*entry.workload)},
                       {"revision", entry.what->revision},
                       {"result", entry.what->result.text()},
                       {"reason", entry.what->reason.text()},
                       {"time", entry.what->time}});
  }
  return {{"history", std::move(history)}};
}

}  // namespace profiling::cli
