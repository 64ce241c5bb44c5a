#include "operator/cli/pods/commands.h"

#include <ostream>

#include <nlohmann/json.hpp>

#include "operator/cli/cli.h"
#include "operator/cli/forecast.h"
#include "operator/cli/history.h"
#include "operator/cli/io.h"
#include "operator/cli/terminal_text.h"
#include "operator/cli/watch.h"

namespace profiling::cli {
namespace {

void warnUnreadable(const ApiServer& server, const Screen& screen) {
  for (const std::string& line : server.unreadable()) {
    screen.err << "warning: skipped " << line << "\n";
  }
}

int listPolicies(const Options& options, ApiServer& server, const Screen& screen) {
  std::vector<Policy> policies;
  if (!options.cluster) {
    auto found = server.policies(options.all_namespaces ? "" : server.ownNamespace());
    if (!found.ok()) return fail(screen, found.status());
    policies = *std::move(found);
  }
  if (options.cluster || options.all_namespaces) {
    auto found = server.clusterPolicies();
    if (!found.ok()) return fail(screen, found.status());
    policies.insert(policies.end(), found->begin(), found->end());
  }
  warnUnreadable(server, screen);
  if (structured(options)) {
    nlohmann::json list = nlohmann::json::array();
    for (const Policy& policy : policies) list.push_back(toJson(policy));
    screen.out << render(nlohmann::json{{"policies", std::move(list)}}, options.format);
    return 0;
  }
  if (policies.empty()) {
    screen.err << "No policies found"
               << (options.cluster || options.all_namespaces
                       ? std::string()
                       : " in namespace '" + server.ownNamespace() + "' (-A: all namespaces)")
               << ".\n";
    return 0;
  }
  screen.out << joined(
      render(policyTable(policies, options.all_namespaces, screen.style), screen.style));
  return 0;
}

int status(const Options& options, ApiServer& server, const Screen& screen, WallTime now) {
  if (options.target.empty()) return listPolicies(options, server, screen);
  const auto name = parsePolicy(options.target, options.cluster);
  if (!name.ok()) return fail(screen, name.status());
  auto policy = server.policy(*name);
  if (!policy.ok()) return fail(screen, policy.status());
  if (options.watch) return watchStatus(options, server, *policy, screen);
  auto workloads = server.workloadsOf(*policy);
  if (!workloads.ok()) return fail(screen, workloads.status());
  warnUnreadable(server, screen);
  sortByUrgency(*workloads);
  if (structured(options)) {
    nlohmann::json list = nlohmann::json::array();
    for (const api::WorkloadProfile& workload : *workloads) list.push_back(toJson(workload));
    screen.out << render(
        nlohmann::json{{"policy", toJson(*policy)}, {"workloads", std::move(list)}},
        options.format);
    return 0;
  }
  screen.out << joined(
      statusLines(*policy, *workloads, options.format == Format::kWide, now, screen.style));
  return 0;
}

// The workloads of a policy, or one named workload.
int history(const Options& options, ApiServer& server, const Screen& screen, WallTime now) {
  const auto target = parseTarget(options.target, options.cluster);
  if (!target.ok()) return fail(screen, target.status());
  Workloads workloads;
  bool namespaces = false;
  if (const auto* name = std::get_if<WorkloadName>(&*target)) {
    auto one = server.workload(*name);
    if (!one.ok()) return fail(screen, one.status());
    workloads.push_back(*std::move(one));
  } else {
    const auto policy = server.policy(std::get<PolicyName>(*target));
    if (!policy.ok()) return fail(screen, policy.status());
    auto all = server.workloadsOf(*policy);
    if (!all.ok()) return fail(screen, all.status());
    workloads = *std::move(all);
    namespaces = policy->cluster;
    warnUnreadable(server, screen);
  }
  if (structured(options)) {
    screen.out << render(historyJson(workloads), options.format);
    return 0;
  }
  const Table table = historyTable(workloads, namespaces, now);
  if (table.rows.empty()) {
    screen.err << "No revision of " << options.target << " has finished yet.\n";
    return 0;
  }
  screen.out << joined(render(table, screen.style));
  return 0;
}

Result<Policy> policyOfFile(const std::string& path) {
  const auto text = readText(path);
  if (!text.ok()) return text.status();
  const auto object = parseDocument(*text);
  if (!object.ok()) return object.status().annotated(fileName(path));
  auto policy = policyFrom(*object);
  if (!policy.ok()) return policy.status().annotated(fileName(path));
  return policy;
}

// The applied policy, with the file's spec if a file is given.
Result<Policy> policyToPlan(const Options& options, ApiServer& server) {
  if (options.file.empty()) {
    const auto name = parsePolicy(options.target, options.cluster);
    if (!name.ok()) return name.status();
    return server.policy(*name);
  }
  const auto file = policyOfFile(options.file);
  if (!file.ok()) return file.status();
  if (!file->cluster && !file->metadata.namespace_.empty() &&
      file->metadata.namespace_ != server.ownNamespace()) {
    return Status(Code::kInvalidArgument, "the policy in the file has namespace '" +
                                              file->metadata.namespace_ + "', not '" +
                                              server.ownNamespace() + "': use -n " +
                                              file->metadata.namespace_);
  }
  auto applied = server.policy({file->cluster, file->metadata.name});
  if (!applied.ok()) {
    if (applied.status().code() != Code::kNotFound) return applied.status();
    return applied.status().annotated(
        "apply the policy with spec.mode: Observe first; that changes no pods");
  }
  applied->spec = file->spec;
  return applied;
}

int plan(const Options& options, ApiServer& server, const Screen& screen) {
  const auto policy = policyToPlan(options, server);
  if (!policy.ok()) return fail(screen, policy.status());
  const auto workloads = server.workloadsOf(*policy);
  if (!workloads.ok()) return fail(screen, workloads.status());
  warnUnreadable(server, screen);
  ForecastOptions how{.pod_start = options.pod_start, .waves = {}};
  if (policy->cluster && policy->spec.rollout && !policy->spec.rollout->order.empty()) {
    const auto labels = server.namespaceLabels();
    if (!labels.ok()) return fail(screen, labels.status());
    for (const auto& [name, of] : *labels)
      how.waves[name] = waveOf(policy->spec.rollout->order, of);
  }
  const Forecast forecast = cli::forecast(*policy, *workloads, how);
  if (structured(options)) {
    screen.out << render(toJson(forecast), options.format);
  } else {
    screen.out << joined(render(forecast, *policy, screen.style));
  }
  return 0;
}

template <class Object>
int send(const Options& options, ApiServer& server, const Screen& screen, const Object& object,
         const std::string& title, const Result<Request>& request) {
  if (!request.ok()) return fail(screen, request.status());
  if (request->patch.is_null()) {
    screen.out << title << " " << request->done << "\n";
    return 0;
  }
  if (options.dry_run) {
    screen.out << title << " " << request->done << " (dry run)\n" << request->patch.dump() << "\n";
    return 0;
  }
  if (const Status bad = server.patch(object, request->patch); !bad.ok()) return fail(screen, bad);
  screen.out << title << " " << request->done << "\n";
  return 0;
}

int request(const Options& options, ApiServer& server, const Screen& screen, WallTime now) {
  const auto target = parseTarget(options.target, options.cluster);
  if (!target.ok()) return fail(screen, target.status());
  if (const auto* name = std::get_if<WorkloadName>(&*target)) {
    const auto workload = server.workload(*name);
    if (!workload.ok()) return fail(screen, workload.status());
    return send(options, server, screen, *workload, title(*workload),
                requestOf(options.verb, *workload));
  }
  const auto policy = server.policy(std::get<PolicyName>(*target));
  if (!policy.ok()) return fail(screen, policy.status());
  return send(options, server, screen, *policy, policy->title(),
              // The controller compares it with times of the API server.
              requestOf(options.verb, *policy, now + server.ahead()));
}

int runOn(const Options& options, ApiServer* server, const Screen& screen, WallTime now) {
  switch (options.command) {
    case Command::kStatus:
      return status(options, *server, screen, now);
    case Command::kHistory:
      return history(options, *server, screen, now);
    case Command::kPlan:
      return plan(options, *server, screen);
    case Command::kExplain:
      return explainPods(options, server, screen);
    case Command::kInject:
      return injectPods(options, server, screen);
    case Command::kLint:
      return lintFiles(options, screen);
    case Command::kRequest:
      break;
  }
  return request(options, *server, screen, now);
}

}  // namespace

int run(const Options& options, ApiServer* server, const Screen& screen, WallTime now) {
  TerminalStream out(screen.out);
  TerminalStream err(screen.err);
  // Manifests for another program keep every byte that they had.
  const bool exact = options.command == Command::kInject && !screen.terminal;
  return runOn(options, server, {exact ? screen.out : out, err, screen.style, screen.terminal},
               now);
}

}  // namespace profiling::cli
