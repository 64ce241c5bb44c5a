package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/judge"
)

// Summary is the last line of a run.
func Summary(results []*Result) string {
	passed := 0
	for _, r := range results {
		if r.Passed() {
			passed++
		}
	}
	text := fmt.Sprintf("%d plans, %d passed", len(results), passed)
	if passed < len(results) {
		text += fmt.Sprintf(", %d failed", len(results)-passed)
	}
	return text
}

// Report writes report.json and report.md.
func (p *Pool) Report(results []*Result, references map[string]*judge.Reference, took time.Duration) error {
	text, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.Out, "report.json"), text, 0o644); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Fault plans\n\n%s, in %s.\n\n", Summary(results), took.Round(time.Second))
	experiments, oracles := map[string][2]int{}, map[string]int{}
	for _, r := range results {
		e := experiments[r.Plan.Experiment]
		e[0]++
		if r.Passed() {
			e[1]++
		}
		experiments[r.Plan.Experiment] = e
		for _, v := range r.Verdicts {
			oracles[v.Oracle] += len(v.Problems)
		}
	}
	b.WriteString("| Experiment | Plans | Passed |\n|---|---|---|\n")
	for _, name := range sorted(experiments) {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", name, experiments[name][0], experiments[name][1])
	}
	b.WriteString("\n| Oracle | Objections |\n|---|---|\n")
	for _, name := range sorted(oracles) {
		fmt.Fprintf(&b, "| %s | %d |\n", name, oracles[name])
	}
	b.WriteString("\n| Workload | Writes | Objects | Paths that differ between runs and are not compared |\n|---|---|---|---|\n")
	for _, name := range sorted(references) {
		ref, masked := references[name], 0
		for _, paths := range ref.Masked {
			masked += len(paths)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, len(ref.Order), len(ref.End), masked)
	}
	b.WriteString("\n| Plan | Experiment | Seconds | Verdict |\n|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %.1f | %s |\n", r.Plan.Name, r.Plan.Experiment, r.Seconds, verdict(r))
	}
	return os.WriteFile(filepath.Join(p.Out, "report.md"), []byte(b.String()), 0o644)
}

func verdict(r *Result) string {
	if r.Error != "" {
		return "harness: " + r.Error
	}
	var objections []string
	for _, v := range r.Verdicts {
		if !v.OK() {
			objections = append(objections, v.Oracle+": "+strings.Join(v.Problems, "; "))
		}
	}
	if objections == nil {
		return "passed"
	}
	return strings.ReplaceAll(strings.Join(objections, "; "), "|", `\|`)
}

func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
