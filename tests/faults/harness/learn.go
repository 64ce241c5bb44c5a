package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/workload"
	"profiling.dev/profiling-operator/tests/faults/world"
)

const learningRuns = 3

// Learn returns the references of workloads: those that were kept for this binary and these steps, and
// for the others what three runs show.
func (p *Pool) Learn(ctx context.Context, workloads []*workload.Workload) (map[string]*judge.Reference, error) {
	references := map[string]*judge.Reference{}
	var missing []*workload.Workload
	for _, w := range workloads {
		mark, err := p.fingerprint(w)
		if err != nil {
			return nil, err
		}
		if ref := p.kept(w, mark); ref != nil {
			references[w.Name] = ref
		} else {
			missing = append(missing, w)
		}
	}
	if len(missing) == 0 {
		return references, nil
	}
	runs := map[string][]*judge.Run{}
	type job struct {
		w *workload.Workload
		n int
	}
	var jobs []job
	for n := range learningRuns {
		for _, w := range missing {
			jobs = append(jobs, job{w, n})
		}
	}
	results := make([]*judge.Run, len(jobs))
	err := p.each(ctx, len(jobs), func(ctx context.Context, plane *world.ControlPlane, i int) error {
		j := jobs[i]
		free := &plan.Plan{Name: "learn-" + j.w.Name, Workload: j.w.Name, Class: plan.Legal}
		run, err := Execute(ctx, plane, p.Binary, j.w, free, nil, filepath.Join(p.Out, "runs", fmt.Sprintf("learn-%s-%d", j.w.Name, j.n+1)))
		results[i] = run
		if err == nil {
			p.say("  learn %-14s run %d of %d", j.w.Name, j.n+1, learningRuns)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	for i, j := range jobs {
		runs[j.w.Name] = append(runs[j.w.Name], results[i])
	}
	for _, w := range missing {
		mark, err := p.fingerprint(w)
		if err != nil {
			return nil, err
		}
		ref, err := judge.Learn(w.Name, mark, runs[w.Name])
		if err != nil {
			return nil, err
		}
		references[w.Name] = ref
		if err := p.keep(ref); err != nil {
			return nil, err
		}
	}
	return references, nil
}

func (p *Pool) referencePath(name string) string {
	return filepath.Join(p.Out, "reference", name+".json")
}

func (p *Pool) kept(w *workload.Workload, mark string) *judge.Reference {
	text, err := os.ReadFile(p.referencePath(w.Name))
	if err != nil {
		return nil
	}
	var ref judge.Reference
	if json.Unmarshal(text, &ref) != nil || ref.Binary != mark {
		return nil
	}
	return &ref
}

func (p *Pool) keep(ref *judge.Reference) error {
	if err := os.MkdirAll(filepath.Dir(p.referencePath(ref.Workload)), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(ref, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.referencePath(ref.Workload), text, 0o644)
}

// fingerprint of everything that a reference depends on.
func (p *Pool) fingerprint(w *workload.Workload) (string, error) {
	sum := sha256.New()
	steps, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	sum.Write(steps)
	for _, path := range []string{p.Binary, p.Harness} {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, file)
		_ = file.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}
