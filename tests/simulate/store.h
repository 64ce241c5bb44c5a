// What outlives every process: the policy and the records, each with its version, and who may
// write.
#pragma once

#include <string>
#include <vector>

#include "controllers/engine/engine.h"
#include "tests/simulate/scenario.h"

namespace profiling::simulate {

struct StoredRecord {
  api::WorkloadRollout rollout;
  engine::WorkloadOverrides overrides;
  std::uint64_t version = 1;  // of both: they are one object
};

struct Store {
  std::vector<StoredRecord> records;
  api::PolicyRollout policy;
  std::string stable;
  engine::Plan plan;
  std::int64_t elsewhere = 0;
  std::uint64_t leader = 0;  // the life of the controller that may write
};

}  // namespace profiling::simulate
