// Package harness runs plans: it brings proxy, operator, workload and judge together.
package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
	"profiling.dev/profiling-operator/tests/faults/workload"
	"profiling.dev/profiling-operator/tests/faults/world"
)

const (
	runLimit     = 4 * time.Minute
	patience     = 75 * time.Second // of a step that waits
	stableFor    = 3 * time.Second
	bound        = 30 * time.Second // to converge in after the last fault, when a plan names none
	stopDeadline = 20 * time.Second
)

// Execution is one run in progress.
type Execution struct {
	plane    *world.ControlPlane
	binary   string
	work     *workload.Workload
	plan     *plan.Plan
	ref      *judge.Reference // nil while learning
	folder   string
	trace    *proxy.Trace
	rules    *proxy.Rules
	proxy    *proxy.Proxy
	mutex    sync.Mutex
	replicas []*world.Operator
	result   *judge.Run
	ctx      context.Context
	deleted  atomic.Int64 // when the workload last deleted something
}

// Execute carries a plan out and returns what was observed. An error means that the harness itself could
// not do its part.
func Execute(ctx context.Context, plane *world.ControlPlane, binary string, w *workload.Workload, p *plan.Plan, ref *judge.Reference, folder string) (*judge.Run, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, runLimit, fmt.Errorf("the run took longer than %s", runLimit))
	defer cancel()
	if err := os.RemoveAll(folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	if err := plane.Reset(ctx); err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}
	log, err := os.Create(filepath.Join(folder, "trace.jsonl"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	e := &Execution{plane: plane, binary: binary, work: w, plan: p, ref: ref, folder: folder, ctx: ctx}
	e.result = &judge.Run{Plan: p, Logs: map[string]string{}, Canaries: map[string]string{}}
	for _, canary := range w.Canaries {
		e.result.Canaries["the canary "+canary] = canary
	}
	e.trace = proxy.NewTrace(log)
	e.rules = proxy.NewRules(p.Faults, e.trace)
	identity, err := proxy.NewIdentity()
	if err != nil {
		return nil, err
	}
	upstream := proxy.Upstream{URL: plane.Admin.URL, Client: kube.NewHTTP(plane.Admin.CA)}
	if e.proxy, err = proxy.New(upstream, identity, e.trace, e.rules, e); err != nil {
		return nil, err
	}
	var background sync.WaitGroup
	aside, stopAside := context.WithCancel(ctx)
	defer func() { // in any case, nothing of this run continues
		for _, o := range e.operators() {
			o.Kill()
		}
		e.proxy.Close()
		stopAside()
		background.Wait()
	}()
	if err := e.newToken(); err != nil {
		return nil, err
	}
	background.Go(func() { plane.StandIns(aside) })
	background.Go(func() { e.nudge(aside) })
	return e.result, e.run(ctx, identity)
}

func (e *Execution) run(ctx context.Context, identity *proxy.Identity) error {
	runner := &workload.Runner{
		Plane: e.plane, Patience: patience, Mark: func(name string) {
			e.trace.Note("mark", "", name)
			e.proxy.Do(e.rules.Mark(name))
		},
		Deletes: func() { e.deleted.Store(time.Now().UnixNano()) },
		Start:   func(ctx context.Context) error { return e.start(ctx, identity) },
	}
	if err := runner.Prepare(ctx, e.work); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := runner.Run(ctx, e.work); err != nil {
		if len(e.operators()) == 0 {
			return err
		}
		e.result.StepsError = err.Error()
	}
	if err := e.converge(ctx); err != nil {
		return err
	}
	if e.plan.Restart && e.result.Converged {
		if err := e.restart(ctx); err != nil {
			return err
		}
	}
	if err := e.collect(ctx); err != nil {
		return err
	}
	e.stop(ctx)
	return nil
}

// start starts all replicas; the first becomes the leader.
func (e *Execution) start(ctx context.Context, identity *proxy.Identity) error {
	clients := []string{"a", "b", "c"}[:max(1, e.plan.Replicas)]
	for i, client := range clients {
		url, err := e.proxy.Listen(client)
		if err != nil {
			return err
		}
		config := filepath.Join(e.folder, client+".kubeconfig")
		if err := kube.WriteOperatorConfig(config, url, identity.CA, e.tokenFile()); err != nil {
			return err
		}
		o, err := world.StartOperator(e.binary, client, config, e.folder, e.plan.Lease, e.plan.Flags, e.trace.Note)
		if err != nil {
			return err
		}
		e.mutex.Lock()
		e.replicas = append(e.replicas, o)
		e.mutex.Unlock()
		if i == 0 && len(clients) > 1 {
			if err := world.Until(ctx, "a leader", func() (bool, error) { return strings.Contains(o.Log(), "Became leader"), nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Execution) operators() []*world.Operator {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return append([]*world.Operator(nil), e.replicas...)
}

// restart ends the operator in the wanted state and waits for what the next one does: nothing.
func (e *Execution) restart(ctx context.Context) error {
	for _, o := range e.operators() {
		before := len(o.Exits())
		o.Signal("term", 0)
		if err := world.Until(ctx, "the operator to end", func() (bool, error) { return len(o.Exits()) > before, nil }); err != nil {
			return err
		}
		e.result.RestartedAt = e.trace.Now()
		if err := o.Ready(ctx); err != nil {
			return err
		}
		if err := world.Until(ctx, "the new leader", func() (bool, error) { return strings.Contains(o.Log(), "Became leader"), nil }); err != nil {
			return err
		}
	}
	return e.watch(ctx, stableFor)
}

// stop ends the replicas, standbys first, so that none takes over.
func (e *Execution) stop(ctx context.Context) {
	replicas := e.operators()
	leader := e.leader(ctx)
	e.result.Led = leader != nil
	for i := len(replicas) - 1; i >= 0; i-- {
		if o := replicas[i]; o != leader {
			e.stopOne(o)
		}
	}
	if leader != nil {
		e.stopOne(leader)
	}
	lease, err := e.plane.Admin.Get(ctx, "/apis/coordination.k8s.io/v1/namespaces/profiling-system/leases/profiling-operator-controller")
	switch {
	case err == nil:
		e.result.LeaseHolder = lease.Text("spec", "holderIdentity")
	case !kube.IsNotFound(err):
		e.result.LeaseHolder = err.Error()
	}
	e.result.Records = e.trace.Records()
}

func (e *Execution) stopOne(o *world.Operator) {
	exit, took := o.Stop(stopDeadline)
	if exit.Code != 0 || e.result.Last.Client == "" {
		e.result.Last = exit
	}
	e.result.StopSeconds = max(e.result.StopSeconds, took.Seconds())
	e.result.Exits = append(e.result.Exits, o.Exits()...)
	if text, err := os.ReadFile(o.LogPath); err == nil {
		e.result.Logs[o.Client] = string(text)
	}
}

func (e *Execution) leader(ctx context.Context) *world.Operator {
	for _, o := range e.operators() {
		if samples, _, err := o.Metrics(ctx); err == nil && samples[`leader_election_master_status{name="profiling-operator-controller"}`] == 1 {
			return o
		}
	}
	return nil
}
