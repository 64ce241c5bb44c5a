#include "operator/cli/options.h"

#include <algorithm>
#include <map>
#include <ostream>

#include <CLI/CLI.hpp>

#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"
#include "operator/cli/help.h"
#include "operator/cli/names.h"

namespace profiling::cli {
namespace {

// What CLI11 fills in; durations are still text.
struct Raw {
  Options options;
  std::string output = "table", timeout = "0s", pod_start = "30s", request_timeout = "30s";
  bool full = false;
};

void addCluster(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.add_option("-n,--namespace", o.namespace_, "Namespace (default: the context's)")
      ->type_name("NAME");
  app.add_option("--context", o.context, "Context of the kubeconfig")->type_name("NAME");
  app.add_option("--kubeconfig", o.kubeconfig,
                 "Path of the kubeconfig (default: $KUBECONFIG, ~/.kube/config or the pod's "
                 "service account)")
      ->type_name("FILE");
  app.add_option("--request-timeout", raw.request_timeout, "Timeout of a request [30s]")
      ->type_name("DURATION");
}

void addOutput(CLI::App& command, Raw& raw, const std::vector<std::string>& formats) {
  command.add_option("-o,--output", raw.output, "Output format")
      ->check(CLI::IsMember(formats))
      ->type_name("FORMAT");
}

CLI::App* add(CLI::App& parent, const HelpText& text) {
  CLI::App* command = parent.add_subcommand(std::string(text.name), std::string(text.about));
  command->footer(std::string(text.details) +
                  "\n\nAll commands take -n, --context, --kubeconfig and --request-timeout.");
  command->fallthrough();  // -n and --context may follow the command
  return command;
}

void group(CLI::App& app) {
  app.require_subcommand(1);
  app.fallthrough();
}

CLI::App* addTarget(CLI::App* command, Raw& raw, const char* what, bool required = true) {
  const std::string_view text(what);
  std::string forms;
  if (text.starts_with("POLICY")) forms = "NAME, policy/NAME or clusterpolicy/NAME";
  if (text.ends_with("|WORKLOAD")) forms += "; or ";
  if (text.ends_with("WORKLOAD")) forms += "KIND/NAME, such as deployment/web";
  command->add_option(what, raw.options.target, forms)->required(required)->type_name("");
  if (text.starts_with("POLICY")) {
    command->add_flag("--cluster", raw.options.cluster, "POLICY is a ClusterProfilingPolicy");
  }
  return command;
}

// The verbs that change something share their flags and differ in the patch.
void addVerb(CLI::App& parent, Raw& raw, const HelpText& text, Verb verb, const char* what) {
  CLI::App* command = addTarget(add(parent, text), raw, what);
  command->add_flag("--dry-run", raw.options.dry_run, "Print the patch and change nothing");
  if (verb == Verb::kPromote) {
    command->add_flag("--full", raw.full, "Promote to the last step at once");
  }
  command->callback([&raw, verb] {
    raw.options.command = Command::kRequest;
    raw.options.verb = verb == Verb::kPromote && raw.full ? Verb::kPromoteFull : verb;
  });
}

void addWorkloadVerbs(CLI::App& parent, Raw& raw) {
  addVerb(parent, raw, help::kSkip, Verb::kSkip, "WORKLOAD");
  addVerb(parent, raw, help::kUnskip, Verb::kUnskip, "WORKLOAD");
  addVerb(parent, raw, help::kApprove, Verb::kApprove, "WORKLOAD");
}

void addRollout(CLI::App& app, Raw& raw) {
  CLI::App* rollout = add(app, help::kRollout);
  group(*rollout);

  CLI::App* status = addTarget(add(*rollout, help::kStatus), raw, "POLICY", false);
  status->add_flag("-w,--watch", raw.options.watch,
                   "Follow the rollout until it is done or halted");
  status->add_option("--timeout", raw.timeout, "Time limit of --watch; 0s: none")
      ->type_name("DURATION");
  status->add_flag("-A,--all-namespaces", raw.options.all_namespaces,
                   "List policies of all namespaces and cluster policies");
  addOutput(*status, raw, {"json", "yaml", "wide"});
  status->callback([&raw] { raw.options.command = Command::kStatus; });

  CLI::App* history = addTarget(add(*rollout, help::kHistory), raw, "POLICY|WORKLOAD");
  addOutput(*history, raw, {"json", "yaml"});
  history->callback([&raw] { raw.options.command = Command::kHistory; });

  addVerb(*rollout, raw, help::kPause, Verb::kPause, "POLICY|WORKLOAD");
  addVerb(*rollout, raw, help::kResume, Verb::kResume, "POLICY|WORKLOAD");
  addVerb(*rollout, raw, help::kPromote, Verb::kPromote, "POLICY");
  addVerb(*rollout, raw, help::kAbort, Verb::kAbort, "POLICY");
  addVerb(*rollout, raw, help::kRetry, Verb::kRetry, "POLICY");
  addVerb(*rollout, raw, help::kRefreshAgents, Verb::kRefreshAgents, "POLICY");
  addWorkloadVerbs(*rollout, raw);
}

void addPlan(CLI::App& app, Raw& raw) {
  CLI::App* plan = addTarget(add(app, help::kPlan), raw, "POLICY", false);
  plan->add_option("-f,--filename", raw.options.file,
                   "YAML or JSON file with the changed policy, '-' for standard input")
      ->type_name("FILE");
  plan->add_option("--pod-start", raw.pod_start, "Time a pod takes to become ready [30s]")
      ->type_name("DURATION");
  addOutput(*plan, raw, {"json", "yaml"});
  plan->callback([&raw] { raw.options.command = Command::kPlan; });
}

void addFiles(CLI::App* command, Raw& raw, bool required) {
  command
      ->add_option("-f,--filename", raw.options.files,
                   "YAML or JSON file, '-' for standard input; repeatable")
      ->required(required)
      ->type_name("FILE");
}

void addPods(CLI::App& app, Raw& raw) {
  const auto common = [&raw](CLI::App* command) {
    command
        ->add_option("-p,--policies", raw.options.policy_files,
                     "File with policies, servers and namespaces to use")
        ->type_name("FILE");
    command->add_flag("--live", raw.options.live, "Use the cluster's policies too");
    command
        ->add_option("--agent-image", raw.options.agent_images,
                     "Agent image to use instead of the installed one; repeatable")
        ->type_name("LANGUAGE=IMAGE");
    command
        ->add_option("--operator-namespace", raw.options.operator_namespace,
                     "Namespace of the operator")
        ->type_name("NAME");
    addOutput(*command, raw, {"json", "yaml"});
  };
  CLI::App* explain = add(app, help::kExplain);
  explain->add_option("TARGET", raw.options.target, "pod/NAME or KIND/NAME, such as deployment/web")
      ->type_name("");
  addFiles(explain, raw, false);
  common(explain);
  explain->callback([&raw] { raw.options.command = Command::kExplain; });

  CLI::App* inject = add(app, help::kInject);
  addFiles(inject, raw, true);
  common(inject);
  inject->callback([&raw] { raw.options.command = Command::kInject; });

  CLI::App* lint = add(app, help::kLint);
  addFiles(lint, raw, true);
  lint->add_flag("--strict", raw.options.strict, "Fail on warnings too");
  addOutput(*lint, raw, {"json", "yaml"});
  lint->callback([&raw] { raw.options.command = Command::kLint; });
}

Format formatOf(const std::string& text) {
  if (text == "json") return Format::kJson;
  if (text == "yaml") return Format::kYaml;
  return text == "wide" ? Format::kWide : Format::kTable;
}

// Checks that the command applies to the named object.
Status checkTarget(const Options& o) {
  if (o.target.empty()) return {};
  if (o.command == Command::kExplain) return parsePodOrWorkload(o.target).status();
  const auto target = parseTarget(o.target, o.cluster);
  if (!target.ok()) return target.status();
  const bool request = o.command == Command::kRequest;
  const bool either = o.command == Command::kHistory ||
                      (request && (o.verb == Verb::kPause || o.verb == Verb::kResume));
  if (either) return {};
  const bool for_workloads =
      request && (o.verb == Verb::kSkip || o.verb == Verb::kUnskip || o.verb == Verb::kApprove);
  if (!for_workloads) return parsePolicy(o.target, o.cluster).status();
  if (std::holds_alternative<WorkloadName>(*target)) return {};
  return {Code::kInvalidArgument,
          "'" + printable(o.target) + "' is a policy: must be a workload, such as deployment/web"};
}

Status finish(Raw& raw) {
  Options& o = raw.options;
  o.format = formatOf(raw.output);
  for (const auto& [flag, text, slot] :
       {std::tuple{"--timeout", &raw.timeout, &o.timeout},
        std::tuple{"--pod-start", &raw.pod_start, &o.pod_start},
        std::tuple{"--request-timeout", &raw.request_timeout, &o.request_timeout}}) {
    const auto value = parseDuration(*text);
    if (!value.ok()) return value.status().annotated(flag);
    *slot = *value;
  }
  const auto bad = [](const char* what) { return Status(Code::kInvalidArgument, what); };
  if (o.request_timeout.count() == 0) return bad("--request-timeout must be more than '0s'");
  if (Status wrong = checkNamespace(o.namespace_); !wrong.ok()) return wrong;
  if (Status wrong = checkTarget(o); !wrong.ok()) return wrong;
  if (o.command == Command::kStatus) {
    if (o.target.empty() && o.watch) return bad("--watch needs a POLICY to wait for");
    if (!o.target.empty() && o.all_namespaces) {
      return bad("-A lists policies: omit POLICY, or name its namespace with -n");
    }
    if (o.timeout.count() > 0 && !o.watch) return bad("--timeout requires --watch");
    const bool table = o.format == Format::kTable || o.format == Format::kWide;
    if (o.watch && !table) return bad("--watch prints a table: -o must be wide or absent");
  }
  if (o.command == Command::kExplain && o.target.empty() == o.files.empty()) {
    return bad("exactly one of TARGET and -f FILE must be given");
  }
  if (o.command == Command::kPlan && o.target.empty() == o.file.empty()) {
    return bad("exactly one of POLICY and -f FILE must be given");
  }
  return {};
}

// "unknown command 'stat': 'kubectl profiling rollout' has status, history, …"
std::string wrongCommand(const std::string& program, CLI::App& root,
                         const std::vector<std::string>& words) {
  std::string path = program;
  CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
  }
  std::vector<std::string> known;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  if (known.empty()) return {};
  const auto wrong =
      std::ranges::find_if(words, [](const std::string& word) { return !word.starts_with('-'); });
  return (wrong == words.end() ? "a command is missing"
                               : "unknown command '" + printable(*wrong) + "'") +
         ": '" + path + "' has " + join(known, ", ");
}

}  // namespace

bool worksOffline(const Options& o) {
  return o.command == Command::kLint ||
         ((o.command == Command::kExplain || o.command == Command::kInject) && o.target.empty() &&
          !o.live);
}

std::variant<Options, int> parseOptions(const std::string& program,
                                        std::vector<std::string> arguments, std::ostream& out,
                                        std::ostream& err) {
  CLI::App app{std::string(help::kRoot.about), program};
  app.footer(std::string(help::kRoot.details));
  app.set_version_flag("--version", std::string(PROFILING_VERSION));
  Raw raw;
  addCluster(app, raw);
  group(app);
  addRollout(app, raw);
  addPlan(app, raw);
  addPods(app, raw);
  // Workload verbs also work without 'rollout'.
  addVerb(app, raw, help::kPauseWorkload, Verb::kPause, "WORKLOAD");
  addVerb(app, raw, help::kResumeWorkload, Verb::kResume, "WORKLOAD");
  addWorkloadVerbs(app, raw);

  const auto usage = [&](const std::string& what) {
    err << "error: " << what << "\nSee '" << program << " --help'.\n";
    return kUsage;
  };
  std::ranges::reverse(arguments);  // as CLI11 takes a vector
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e, out, err);
  } catch (const CLI::ParseError& e) {
    const bool about_command = dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr ||
                               dynamic_cast<const CLI::RequiredError*>(&e) != nullptr;
    const std::string wrong =
        about_command ? wrongCommand(program, app, app.remaining(true)) : std::string();
    return usage(wrong.empty() ? e.what() : wrong);
  }
  if (const Status bad = finish(raw); !bad.ok()) return usage(bad.message());
  return raw.options;
}

}  // namespace profiling::cli
