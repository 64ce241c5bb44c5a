#include "operator/cli/help.h"

namespace profiling::cli::help {

const HelpText kRoot{"profiling",
                     "Shows and controls the rollout of continuous profiling in a cluster.",
                     R"(A POLICY is NAME or policy/NAME (a ProfilingPolicy in the namespace), or
clusterpolicy/NAME. A WORKLOAD is KIND/NAME, such as deployment/web, sts/db
or cronjob/nightly, and must be matched by a policy.

Examples:
  kubectl profiling rollout status                    list the policies in the namespace
  kubectl profiling rollout status checkout --watch   follow one until it is done
  kubectl profiling plan checkout                     forecast the steps and their duration
  kubectl profiling rollout pause checkout            pause the rollout
  kubectl profiling rollout abort checkout            abort it and roll back
  kubectl profiling skip deployment/web               exclude one workload
  kubectl profiling explain pod/web-6d4f-x2x          why a pod has an agent or not
  kubectl profiling lint -f policy.yaml -f app.yaml   check manifests before applying them

Exit codes: 0 done; 1 failed, not found or halted; 2 wrong usage.

'kubectl profiling', 'kubectl-profiling' and 'profiling-operator cli' are equivalent.)"};

const HelpText kRollout{
    "rollout", "Show and control the rollout of a policy",
    R"(Each command changes one field or annotation of the policy or of a workload's
WorkloadProfile, so RBAC and audit logging apply; --dry-run prints the change.)"};

const HelpText kStatus{
    "status", "Show the progress of a rollout and its workloads",
    R"(With POLICY: its phase, revision and step, then its workloads. Workloads that need
attention (Paused, RollingBack, RolledBack) come first, then those in progress.
Without POLICY: one line per policy in the namespace, or in all with -A.

--watch redraws in place on a terminal; otherwise it prints each line that changes.
It exits with 0 when the phase is Active (or Observing: nothing is rolled out), and
with 1 when it is Halted, the policy is deleted, or --timeout expires.

-o wide adds revisions, overhead, the attribution of failures, and messages.

Examples:
  kubectl profiling rollout status checkout -n shop
  kubectl profiling rollout status clusterpolicy/production -o wide
  kubectl profiling rollout status checkout --watch --timeout 30m
  kubectl profiling rollout status -A
  kubectl profiling rollout status checkout -o json | jq '.workloads[].status.rollout.state')"};

const HelpText kHistory{"history", "Show the results of earlier revisions",
                        R"(Lists the last five revisions of each workload, newest first.
Results are Complete, RolledBack, TooCostly, Superseded and Aborted.

Examples:
  kubectl profiling rollout history checkout
  kubectl profiling rollout history deployment/web -o yaml)"};

const HelpText kPause{"pause", "Pause a rollout or one workload",
                      R"(Pods that have an agent keep it; no more pods are replaced. Sets
spec.rollout.paused of the policy, or spec.paused of the WorkloadProfile.

Examples:
  kubectl profiling rollout pause checkout
  kubectl profiling rollout pause deployment/web
  kubectl profiling rollout pause clusterpolicy/production --dry-run)"};

const HelpText kResume{"resume", "Resume a paused rollout or workload",
                       R"(Examples:
  kubectl profiling rollout resume checkout
  kubectl profiling rollout resume deployment/web)"};

const HelpText kPromote{"promote", "Advance to the next step now",
                        R"(Skips the gates of the current step. Where each step needs approval
(spec.rollout.workloads.approval: EachStep), this approves it. The last step of a
wave is followed by the first step of the next. --full includes every workload and
every pod at once. Sets the annotation profiling.dev/promote.

Examples:
  kubectl profiling rollout promote checkout
  kubectl profiling rollout promote checkout --full)"};

const HelpText kAbort{
    "abort", "Abort the rollout of a revision and roll back",
    R"(Workloads return to the stable revision within the budgets. The revision is not
tried again until 'retry'. Sets the annotation profiling.dev/abort.

Example:
  kubectl profiling rollout abort checkout)"};

const HelpText kRetry{
    "retry", "Retry after failures or an abort",
    R"(Workloads that were rolled back are tried again; earlier failures no longer count.
Sets the annotation profiling.dev/retry and removes profiling.dev/abort.

Example:
  kubectl profiling rollout retry checkout && kubectl profiling rollout status checkout -w)"};

const HelpText kRefreshAgents{
    "refresh-agents", "Roll out the operator's current agent images",
    R"(Upgrading the operator changes no pods. This command creates a revision with the
current agent images, which is rolled out in steps like any other. Sets the
annotation profiling.dev/refresh-agents.

Example:
  kubectl profiling rollout refresh-agents checkout)"};

const HelpText kSkip{"skip", "Exclude a workload from the rollout",
                     R"(The workload gets no new agents. Sets spec.skip of its WorkloadProfile.

Example:
  kubectl profiling skip deployment/web)"};

const HelpText kUnskip{"unskip", "Include a skipped workload again",
                       R"(Example:
  kubectl profiling unskip deployment/web)"};

const HelpText kApprove{
    "approve", "Continue a workload whose verdict is inconclusive",
    R"(Approves the workload's target revision once; a failure still stops it. Sets
spec.approve of its WorkloadProfile.

Example:
  kubectl profiling approve statefulset/db)"};

const HelpText kPauseWorkload{"pause", "Pause the rollout of a workload",
                              R"(The same as 'rollout pause'.

Example:
  kubectl profiling pause deployment/web)"};

const HelpText kResumeWorkload{"resume", "Resume a paused workload",
                               R"(The same as 'rollout resume'.

Example:
  kubectl profiling resume deployment/web)"};

const HelpText kPlan{
    "plan", "Forecast what a policy changes, in which order, and how long it takes",
    R"(Lists the workloads of an applied policy in the order of their steps, with the pods
that would change and the pods that the operator would restart. -f takes the rollout
from a file instead, to judge a change before applying it. The policy itself must be
applied (mode: Observe changes nothing), because only then are its workloads known.

The duration is an estimate from pod replacements (--pod-start each), soaks and
cooldowns. It excludes failures, approvals and maintenance windows.

Examples:
  kubectl profiling plan checkout -n shop
  kubectl profiling plan -f checkout.yaml
  kubectl profiling plan clusterpolicy/production --pod-start 90s -o json)"};

const HelpText kExplain{
    "explain", "Explain what a pod gets, or why it gets nothing",
    R"(Runs the webhook's own decision for a pod or workload in the cluster, or for
manifests. Manifests are explained without contacting a cluster, with the policies
in the files (-f or -p) only, unless --live is given. For a running pod, the decision
made when it started is shown too.

The exit code is 1 if a pod asks for an agent and gets none, so that a pipeline can
stop.

Examples:
  kubectl profiling explain pod/web-6d4f-x2x -n shop
  kubectl profiling explain deployment/web
  kubectl profiling explain -f app.yaml -f policy.yaml
  helm template ./chart | kubectl profiling explain -f - --live -o json)"};

const HelpText kInject{
    "inject", "Print manifests as the webhook would patch them",
    R"(Patches pods and pod templates that get an agent and prints everything else as it is.
Reasons for leaving pods unchanged go to standard error. Files given with -p are read
but not printed. The webhook recognises patched templates and adds nothing to them.

Without a cluster the registry of the agent images is unknown and printed as REGISTRY:
name the images with --agent-image, or use --live.

Examples:
  kubectl profiling inject -f app.yaml --live | kubectl apply -f -
  kustomize build . | kubectl profiling inject -f - --live | diff - deployed.yaml
  kubectl profiling inject -f app.yaml -p policy.yaml --agent-image java=registry/agent-java:2.1.2)"};

const HelpText kLint{
    "lint", "Find errors in manifests before they are applied",
    R"(Checks policies and servers against their schema, including unknown fields; pod
annotations against the known ones; references against the other files; and reports
environment variables that look like Pyroscope's but have no effect.

The exit code is 1 for errors, and with --strict for warnings.

Examples:
  kubectl profiling lint -f policy.yaml -f app.yaml
  helm template ./chart | kubectl profiling lint -f - --strict -o json)"};

}  // namespace profiling::cli::help
