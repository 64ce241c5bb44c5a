// Command faults runs the operator behind a proxy that lets requests fail, and holds the outcome against
// runs in which none did. tests/faults/run builds and starts it; README.md describes plans.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"profiling.dev/profiling-operator/tests/faults/generate"
	"profiling.dev/profiling-operator/tests/faults/harness"
	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/workload"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	summary, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	if summary != "" {
		fmt.Println(summary)
	}
	if err != nil || strings.Contains(summary, "failed") {
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) (summary string, failed error) {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	root := flags.String("root", ".", "the checkout")
	out := flags.String("out", "build/faults", "where everything is written")
	binary := flags.String("binary", "", "the operator")
	workers := flags.Int("workers", 4, "control planes, and plans at a time")
	names := flags.String("cluster", "faults", "beginning of the control planes' names")
	only := flags.String("only", "", "glob that a plan's name must match")
	if err := flags.Parse(arguments); err != nil {
		return "", err
	}
	command, files := flags.Arg(0), flags.Args()[min(1, flags.NArg()):]
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	pool := &harness.Pool{Root: *root, Out: *out, Binary: *binary, Harness: self, Log: os.Stdout}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return "", err
	}
	workloads, err := workload.LoadAll(filepath.Join(*root, "tests/faults/workloads"))
	if err != nil {
		return "", err
	}
	written, err := plan.LoadAll(filepath.Join(*root, "tests/faults/plans"))
	if err != nil {
		return "", err
	}
	var replayed []*plan.Plan
	switch command {
	case "replay":
		if len(files) == 0 {
			return "", errors.New("replay: a plan's file must follow")
		}
		for _, file := range files {
			p, err := plan.Load(file)
			if err != nil {
				return "", err
			}
			replayed = append(replayed, p)
		}
		workloads = used(workloads, replayed)
		*workers = min(*workers, len(replayed))
	case "smoke", "all", "list":
	default:
		return "", fmt.Errorf("unknown command %q; commands are smoke, all, list and replay FILE", command)
	}
	began := time.Now()
	defer func() { failed = errors.Join(failed, pool.Close()) }()
	if err := pool.Open(ctx, *names, *workers); err != nil {
		return "", err
	}
	references, err := pool.Learn(ctx, workloads)
	if err != nil {
		return "", err
	}
	plans := replayed
	if command != "replay" {
		if plans, err = choose(command, *only, *out, written, workloads, references); err != nil {
			return "", err
		}
	}
	if command == "list" {
		for _, p := range plans {
			fmt.Printf("%-4s %-12s %s\n", p.Experiment, p.Workload, p.Name)
		}
		return fmt.Sprintf("%d plans", len(plans)), nil
	}
	results, err := pool.Run(ctx, plans, workloads, references)
	if err := errors.Join(err, pool.Report(results, references, time.Since(began))); err != nil {
		return harness.Summary(results), err
	}
	return harness.Summary(results), nil
}

// choose generates the plans from what was learned, and adds those that were written by hand.
func choose(command, only, out string, written []*plan.Plan, workloads []*workload.Workload, references map[string]*judge.Reference) ([]*plan.Plan, error) {
	var ordered []*judge.Reference
	for _, w := range workloads {
		if !w.ByHand {
			ordered = append(ordered, references[w.Name])
		}
	}
	plans, err := generate.All(ordered)
	if err != nil {
		return nil, err
	}
	plans = append(plans, written...)
	if command == "smoke" {
		plans = generate.Smoke(plans)
	}
	folder := filepath.Join(out, "plans")
	if err := os.RemoveAll(folder); err != nil {
		return nil, err
	}
	chosen := plans[:0]
	for _, p := range plans {
		if ok, err := filepath.Match(only, p.Name); only != "" && (!ok || err != nil) {
			continue
		}
		if _, err := p.Save(folder); err != nil {
			return nil, err
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

func used(workloads []*workload.Workload, plans []*plan.Plan) []*workload.Workload {
	var some []*workload.Workload
	for _, w := range workloads {
		for _, p := range plans {
			if p.Workload == w.Name {
				some = append(some, w)
				break
			}
		}
	}
	return some
}
