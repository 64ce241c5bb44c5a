// State that outlives every process: the policy and the records, with their versions, and the
// current leader.
#pragma once

#include <string>
#include <vector>

#include "controllers/engine/engine.h"
#include "tests/simulate/scenario.h"

namespace profiling::simulate {

struct StoredRecord {
  api::WorkloadRollout rollout;
  engine::WorkloadOverrides overrides;
  std::uint64_t version = 1;  // of spec and status: one object
};

struct Store {
  std::vector<StoredRecord> records;
  api::PolicyRollout policy;
  std::string stable;
  engine::Plan plan;
  std::int64_t elsewhere = 0;
  std::uint64_t leader = 0;  // the controller process that may write
};

}  // namespace profiling::simulate
