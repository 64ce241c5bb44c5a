package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/world"
)

const (
	inVain    = 10 * time.Second
	settled   = 300 * time.Millisecond  // without a write, before a state is worth comparing
	learnedIn = 2500 * time.Millisecond // without a write, before a state counts as the end of a run without faults
)

// converge waits for the faults to end and then for the end state of the reference; without a reference,
// for quiet.
func (e *Execution) converge(ctx context.Context) error {
	e.waitForFaults(ctx)
	e.result.FaultsOver = e.trace.Now()
	if e.ref == nil {
		if err := world.Until(ctx, "calm", func() (bool, error) { return e.trace.Quiet() > learnedIn, nil }); err != nil {
			return err
		}
		e.result.Converged, e.result.ConvergedAt = true, e.trace.Now()
		e.result.WatchedUntil = e.result.ConvergedAt
		return e.snapshot(ctx)
	}
	if e.plan.Deadline == 0 {
		e.plan.Deadline = bound.Seconds()
	}
	end := time.Now().Add(time.Duration(e.plan.Deadline * float64(time.Second)))
	for {
		// Without a leader, quiet proves nothing: the next leader may still have work.
		if e.trace.Quiet() > settled && e.leader(ctx) != nil {
			if err := e.snapshot(ctx); err != nil {
				return err
			}
			if len(judge.Compare(e.ref.End, e.result.End, e.ref.Masked)) == 0 && len(e.result.Certificates) == 0 {
				break
			}
		}
		if time.Now().After(end) {
			return e.snapshot(ctx)
		}
		if err := pause(ctx, 150*time.Millisecond); err != nil {
			return err
		}
	}
	e.result.Converged, e.result.ConvergedAt = true, e.trace.Now()
	if err := e.watch(ctx, stableFor); err != nil {
		return err
	}
	e.result.WatchedUntil = e.trace.Now()
	return e.snapshot(ctx)
}

// waitForFaults returns when all faults are over. One that has not happened, or not as often as it should,
// when nothing is written any more never will.
func (e *Execution) waitForFaults(ctx context.Context) {
	for ctx.Err() == nil {
		changed := e.rules.Changed()
		all, hit, over, _ := e.rules.State()
		e.result.NotInjected = all - hit
		if over == all {
			return
		}
		if e.trace.Quiet() > inVain && !e.rules.Timed() {
			e.rules.Stop()
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (e *Execution) watch(ctx context.Context, length time.Duration) error { return pause(ctx, length) }

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(length):
		return nil
	}
}

func (e *Execution) snapshot(ctx context.Context) error {
	state, err := e.plane.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	e.result.End = state
	e.result.Certificates = e.checkCertificates(ctx)
	return nil
}

// collect reads logs, metrics and events before the processes are stopped.
func (e *Execution) collect(ctx context.Context) error {
	events, err := e.plane.Admin.Items(ctx, "/apis/events.k8s.io/v1/events")
	if err != nil {
		return err
	}
	e.result.Events = events
	for _, o := range e.operators() {
		samples, text, err := o.Metrics(ctx)
		if err != nil {
			continue // it has just ended, which other oracles judge
		}
		e.result.Metrics += text
		if e.result.Samples == nil || samples["process_open_fds"] > e.result.Samples["process_open_fds"] {
			e.result.Samples = samples
		}
	}
	trace, err := os.ReadFile(filepath.Join(e.folder, "trace.jsonl"))
	e.result.Trace = string(trace)
	return err
}
