// The command line of people: flags to plain settings.
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
  std::string target;  // as typed; empty where it may be left out
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
  bool live = false;    // policies of the cluster, besides those of the files
  bool strict = false;  // warnings fail, too
};

// Whether the command can do without an API server.
bool worksOffline(const Options& options);

inline constexpr int kUsage = 2;  // exit code

// `arguments` without the program's name; `program` is how help and errors name it. Settings, or
// the exit code of a process that is done: 0 after help (on `out`), kUsage with what is wrong and
// what is allowed (on `err`).
std::variant<Options, int> parseOptions(const std::string& program,
                                        std::vector<std::string> arguments, std::ostream& out,
                                        std::ostream& err);

}  // namespace profiling::cli
