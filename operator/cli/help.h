// Texts of --help: what each command does, with examples.
#pragma once

#include <string_view>

namespace profiling::cli {

struct HelpText {
  std::string_view name;
  std::string_view about;    // one line, for the list of commands
  std::string_view details;  // printed below the flags
};

namespace help {
extern const HelpText kRoot, kRollout, kStatus, kHistory, kPause, kResume, kPromote, kAbort, kRetry,
    kRefreshAgents, kSkip, kUnskip, kApprove, kPauseWorkload, kResumeWorkload, kPlan, kExplain,
    kInject, kLint;
}  // namespace help

}  // namespace profiling::cli
