#include "operator/cli/help.h"

namespace profiling::cli::help {

const HelpText kRoot{"profiling",
                     "Watches and steers how continuous profiling is rolled out over a cluster.",
                     R"(A POLICY is NAME or policy/NAME (a ProfilingPolicy of the namespace), or
clusterpolicy/NAME. A WORKLOAD is KIND/NAME, such as deployment/web, sts/db
or cronjob/nightly, that a policy matches.

Examples:
  kubectl profiling rollout status                    the policies of the namespace
  kubectl profiling rollout status checkout --watch   one, until it is done
  kubectl profiling plan checkout                     what it would do, and how long
  kubectl profiling rollout pause checkout            stop where it is
  kubectl profiling rollout abort checkout            and take back what was done
  kubectl profiling skip deployment/web               leave one workload out
  kubectl profiling explain pod/web-6d4f-x2x          why it has an agent, or none
  kubectl profiling lint -f policy.yaml -f app.yaml   before anything is applied

Exit codes: 0 done; 1 failed, not found or halted; 2 wrong usage.

The same commands: 'kubectl profiling', 'kubectl-profiling', 'profiling-operator cli'.)"};

const HelpText kRollout{
    "rollout", "Show and steer the rollout of a policy",
    R"(Each command changes one field or annotation of the policy or of a workload's
record, so that RBAC and audit see it; --dry-run prints what.)"};

const HelpText kStatus{
    "status", "Where a rollout is, and each of its workloads",
    R"(With POLICY: its phase, revision and step, then its workloads; first those that
need a person (Paused, RollingBack, RolledBack), then those under way. Without:
one line for each policy of the namespace, with -A of all of them.

--watch redraws in place on a terminal; elsewhere it prints a line when something
has changed. It ends with 0 when the phase is Active (or Observing: nothing is
rolled out), and with 1 when it is Halted, the policy is deleted, or --timeout
has passed.

-o wide adds revisions, overhead, whose fault a failure is, and messages.

Examples:
  kubectl profiling rollout status checkout -n shop
  kubectl profiling rollout status clusterpolicy/production -o wide
  kubectl profiling rollout status checkout --watch --timeout 30m
  kubectl profiling rollout status -A
  kubectl profiling rollout status checkout -o json | jq '.workloads[].status.rollout.state')"};

const HelpText kHistory{
    "history", "What became of earlier revisions",
    R"(From the records of the workloads: the last five revisions of each, newest first.
Results are Complete, RolledBack, Superseded and Aborted.

Examples:
  kubectl profiling rollout history checkout
  kubectl profiling rollout history deployment/web -o yaml)"};

const HelpText kPause{"pause", "Stop a rollout, or one workload, where it is",
                      R"(Pods that have an agent keep it; no pod is replaced any more. Sets
spec.rollout.paused of the policy, or spec.paused of the workload's record.

Examples:
  kubectl profiling rollout pause checkout
  kubectl profiling rollout pause deployment/web
  kubectl profiling rollout pause clusterpolicy/production --dry-run)"};

const HelpText kResume{"resume", "Let a paused rollout, or workload, go on",
                       R"(Examples:
  kubectl profiling rollout resume checkout
  kubectl profiling rollout resume deployment/web)"};

const HelpText kPromote{
    "promote", "Take the next step now",
    R"(Does not wait for the gates of the present step; where each step needs a person
(spec.rollout.workloads.approval: EachStep) this is the approval. After the last
step of a wave comes the first of the next one. With --full every workload and
every pod comes at once. Sets the annotation profiling.dev/promote.

Examples:
  kubectl profiling rollout promote checkout
  kubectl profiling rollout promote checkout --full)"};

const HelpText kAbort{
    "abort", "Give the revision up that is being rolled out",
    R"(Workloads go back to the stable revision, within the budgets. The revision is not
tried again until 'retry'. Sets the annotation profiling.dev/abort.

Example:
  kubectl profiling rollout abort checkout)"};

const HelpText kRetry{
    "retry", "Forgive failures, and an abort, and go on",
    R"(Workloads that were rolled back are tried again; failures until now do not count.
Sets the annotation profiling.dev/retry and removes profiling.dev/abort.

Example:
  kubectl profiling rollout retry checkout && kubectl profiling rollout status checkout -w)"};

const HelpText kRefreshAgents{
    "refresh-agents", "Roll the operator's present agent images out",
    R"(An upgrade of the operator alone changes no pod; this makes a new revision with the
agent images of today, which is rolled out in steps like any other. Sets the
annotation profiling.dev/refresh-agents.

Example:
  kubectl profiling rollout refresh-agents checkout)"};

const HelpText kSkip{
    "skip", "Leave a workload out of the rollout",
    R"(It takes no part and gets no agent that it does not have. Sets spec.skip of its record.

Example:
  kubectl profiling skip deployment/web)"};

const HelpText kUnskip{"unskip", "Let a skipped workload take part again",
                       R"(Example:
  kubectl profiling unskip deployment/web)"};

const HelpText kApprove{
    "approve", "Let a workload go on whose verdict is unclear",
    R"(A person answers for the revision that it moves to, this time; a failure still stops
it. Sets spec.approve of its record.

Example:
  kubectl profiling approve statefulset/db)"};

const HelpText kPauseWorkload{"pause", "Leave a workload as it is",
                              R"(The same as 'rollout pause'.

Example:
  kubectl profiling pause deployment/web)"};

const HelpText kResumeWorkload{"resume", "Let a paused workload go on",
                               R"(The same as 'rollout resume'.

Example:
  kubectl profiling resume deployment/web)"};

const HelpText kPlan{
    "plan", "What a policy would do to which workloads, when, and how long it takes",
    R"(For a policy that is applied, also with mode: Observe: its workloads, in the order in
which their steps come, the pods that would change and those that the operator would
restart. With -f the policy's rollout is taken from a file instead, so that a change
can be judged before it is made; the policy itself must be applied (mode: Observe
changes nothing), because only then it is known which workloads it matches.

The duration is an estimate: replacing pods (--pod-start each), soaks and cooldowns,
without failures, people and maintenance windows.

Examples:
  kubectl profiling plan checkout -n shop
  kubectl profiling plan -f checkout.yaml
  kubectl profiling plan clusterpolicy/production --pod-start 90s -o json)"};

const HelpText kExplain{
    "explain", "What a pod gets and why, or why it gets nothing",
    R"(The webhook's own decision, asked about a pod or workload of the cluster, or about
manifests: then nothing is asked of any cluster, and policies come from the files
(-f or -p) alone, unless --live is given. For a pod that runs it also tells what was
decided when it started.

Exit code 1 when a pod that asks for an agent gets none, so that a pipeline can
stop there.

Examples:
  kubectl profiling explain pod/web-6d4f-x2x -n shop
  kubectl profiling explain deployment/web
  kubectl profiling explain -f app.yaml -f policy.yaml
  helm template ./chart | kubectl profiling explain -f - --live -o json)"};

const HelpText kInject{
    "inject", "Print manifests as the webhook would have them",
    R"(For pods and pod templates that get an agent; all else is printed as it was. What
is not changed, and why, is told on standard error. With -p policies are read and
not printed. A template that was patched here is recognised by the webhook, which
adds nothing again.

Examples:
  kubectl profiling inject -f app.yaml -p policy.yaml | kubectl apply -f -
  kustomize build . | kubectl profiling inject -f - --live | diff - deployed.yaml
  kubectl profiling inject -f app.yaml -p policy.yaml --agent-image java=registry/agent-java:2.1.2)"};

const HelpText kLint{"lint", "Find what is wrong with manifests before they are applied",
                     R"(Policies and servers are held against their schema, unknown fields included;
annotations of pods against what is read; references against the other files; and
environment variables that look like Pyroscope's and are read by nothing are named.

Exit code 1 for errors, with --strict for warnings too.

Examples:
  kubectl profiling lint -f policy.yaml -f app.yaml
  helm template ./chart | kubectl profiling lint -f - --strict -o json)"};

}  // namespace profiling::cli::help
