// Turns the command line into plain settings.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

#include "operator/cli/requests.h"
#include "operator/cli/structured.h"

namespace profiling::cli {

enum class Command { kStatus, kHistory, kPlan, kRequest, kExplain, kInject, kLint };

struct Options {
  std::string kubeconfig, context;
  std::string namespace_;  // empty: the context's
  std::chrono::milliseconds request_timeout{30'000};

  Command command = Command::kStatus;
  std::string target;  // as typed; empty if omitted
  bool cluster = false;
  bool all_namespaces = false;
  Format format = Format::kTable;
  // kStatus
  bool watch = false;
  std::chrono::milliseconds timeout{0};  // 0: none
  // kRequest
  Verb verb = Verb::kPause;
  bool dry_run = false;
  // kPlan
  std::string file;
  std::chrono::milliseconds pod_start{30'000};
  // kExplain, kInject, kLint
  std::vector<std::string> files, policy_files;
  std::vector<std::string> agent_images;  // LANGUAGE=IMAGE
  std::string operator_namespace = "profiling-system";
  bool live = false;    // use the cluster's policies in addition to the files'
  bool strict = false;  // fail on warnings too
};

// Whether the command needs no API server.
bool worksOffline(const Options& options);

inline constexpr int kUsage = 2;  // exit code

// `arguments` exclude the program's name; help and errors call it `program`. Returns settings, or
// the exit code: 0 after printing help to `out`, kUsage after printing what is wrong and what is
// allowed to `err`.
std::variant<Options, int> parseOptions(const std::string& program,
                                        std::vector<std::string> arguments, std::ostream& out,
                                        std::ostream& err);

}  // namespace profiling::cli
