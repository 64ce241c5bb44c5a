package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/workload"
	"profiling.dev/profiling-operator/tests/faults/world"
)

// Pool runs plans on control planes of its own, several at a time.
type Pool struct {
	Root    string // of the checkout
	Out     string // folder for everything that is written
	Binary  string // of the operator
	Harness string // this program
	Log     io.Writer
	planes  []*world.ControlPlane
	mutex   sync.Mutex
}

// Result of one plan.
type Result struct {
	Plan     *plan.Plan      `json:"plan"`
	Verdicts []judge.Verdict `json:"verdicts"`
	Error    string          `json:"error,omitempty"` // the harness could not run it
	Seconds  float64         `json:"seconds"`
	File     string          `json:"file,omitempty"` // of a plan that failed
}

// Passed reports whether the plan ran and no oracle failed.
func (r *Result) Passed() bool { return r.Error == "" && judge.Passed(r.Verdicts) }

// Open starts the control planes PREFIX1, PREFIX2, ….
func (p *Pool) Open(ctx context.Context, prefix string, workers int) error {
	p.planes = make([]*world.ControlPlane, workers)
	failed := make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() { p.planes[i], failed[i] = world.Up(ctx, p.Root, fmt.Sprintf("%s%d", prefix, i+1)) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// Close takes them down, also those that did not come up.
func (p *Pool) Close() error {
	var failed []error
	for _, plane := range p.planes {
		if plane != nil {
			failed = append(failed, plane.Down())
		}
	}
	return errors.Join(failed...)
}

// each calls work for 0..n-1, on as many goroutines as there are control planes, until one fails.
func (p *Pool) each(ctx context.Context, n int, work func(ctx context.Context, plane *world.ControlPlane, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan int)
	var all sync.WaitGroup
	for _, plane := range p.planes {
		all.Go(func() {
			for i := range jobs {
				if err := work(ctx, plane, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case jobs <- i:
		case <-ctx.Done():
		}
	}
	close(jobs)
	all.Wait()
	return context.Cause(ctx)
}

// Run executes plans and judges them; it prints each result as soon as it is known.
func (p *Pool) Run(ctx context.Context, plans []*plan.Plan, workloads []*workload.Workload, references map[string]*judge.Reference) ([]*Result, error) {
	byName := map[string]*workload.Workload{}
	for _, w := range workloads {
		byName[w.Name] = w
	}
	results := make([]*Result, len(plans))
	done := 0
	err := p.each(ctx, len(plans), func(ctx context.Context, plane *world.ControlPlane, i int) error {
		one := plans[i]
		folder := filepath.Join(p.Out, "runs", one.Name)
		began := time.Now()
		result := &Result{Plan: one}
		run, err := Execute(ctx, plane, p.Binary, byName[one.Workload], one, references[one.Workload], folder)
		if ctx.Err() != nil {
			return nil // interrupted: not a verdict
		}
		if err != nil {
			result.Error = err.Error()
		} else {
			result.Verdicts = judge.Judge(run, references[one.Workload])
		}
		result.Seconds = time.Since(began).Seconds()
		if result.Passed() {
			_ = os.RemoveAll(folder)
		} else if result.File, err = one.Save(filepath.Join(p.Out, "failed")); err != nil {
			return err
		}
		p.mutex.Lock()
		results[i] = result
		done++
		p.mutex.Unlock()
		p.tell(result, done, len(plans))
		return nil
	})
	kept := results[:0]
	for _, r := range results {
		if r != nil {
			kept = append(kept, r)
		}
	}
	return kept, err
}

func (p *Pool) tell(r *Result, done, all int) {
	word := "ok  "
	if !r.Passed() {
		word = "FAIL"
	}
	p.say("%s %3d/%d %5.1f s  %-4s %s", word, done, all, r.Seconds, r.Plan.Experiment, r.Plan.Name)
	if r.Error != "" {
		p.say("       harness: %s", r.Error)
	}
	for _, v := range r.Verdicts {
		for _, problem := range v.Problems {
			p.say("       %s: %s", v.Oracle, problem)
		}
	}
	if r.File != "" {
		p.say("       again: tests/faults/run replay %s", r.File)
	}
}

func (p *Pool) say(format string, arguments ...any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	fmt.Fprintf(p.Log, format+"\n", arguments...)
}
