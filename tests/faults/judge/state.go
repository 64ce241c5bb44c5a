package judge

import (
	"fmt"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/proxy"
)

// injected: a plan whose faults never happened proves nothing.
func injected(run *Run, _ *Reference) []string {
	if run.NotInjected == 0 || (run.Plan.Partial && run.NotInjected < len(run.Plan.Faults)) {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d faults never hit anything", run.NotInjected, len(run.Plan.Faults))}
}

// endState is O1. Certificates differ between runs, so a separate check verifies them.
func endState(run *Run, ref *Reference) []string {
	var problems []string
	for _, d := range Compare(ref.End, run.End, ref.Masked) {
		problems = append(problems, d.String())
	}
	problems = append(problems, run.Certificates...)
	for _, touched := range run.ForeignTouched {
		problems = append(problems, "an object of another owner was touched: "+touched)
	}
	return problems
}

// Statuses report what a controller saw. It is level-triggered, so a delay makes it see (and report) states
// between that it skipped in the reference, or the other way round. A record has two that report: what is
// counted, and where its rollout is.
const statesBetween = 8

// writeSummary is O2.
func writeSummary(run *Run, ref *Reference) []string {
	writes, created, events := Summarise(run.Records)
	excused := excuses(run)
	var problems []string
	for key, count := range writes {
		allowed := ref.Writes[key].Max + run.Plan.ExtraWrites
		if object, deletes := strings.CutPrefix(key, "delete "); deletes {
			// What is not there in the end anyway goes away by the operator or by garbage collection, whichever
			// comes first. Deleting anything else once more than the reference is never excused.
			if _, remains := ref.End[object]; !remains && ref.knows(object) {
				continue
			}
		} else {
			allowed += excused(key)
			if isStatus(key) {
				allowed += statesBetween
			}
		}
		if count > allowed {
			problems = append(problems, fmt.Sprintf("%s: %d effective writes; the reference has %d", key, count, ref.Writes[key].Max))
		}
	}
	for key, count := range created {
		if most := ref.Created[key].Max + run.Plan.ExtraWrites; count > most {
			problems = append(problems, fmt.Sprintf("%s: created %d times; in the reference %d", key, count, most))
		}
	}
	// Each state in between may also have an event.
	if most := 2*ref.Events.Max + 10 + 2*len(run.Exits); events > most {
		problems = append(problems, fmt.Sprintf("%d events were made; the reference has %d", events, ref.Events.Max))
	}
	return problems
}

// Summarise counts the effective writes by WriteKey, creations by object, and events.
func Summarise(records []*proxy.Record) (writes, created map[string]int, events int) {
	writes, created = map[string]int{}, map[string]int{}
	for _, r := range records {
		if r.Kind != "request" || !r.IsWrite() || !r.Effective {
			continue
		}
		if r.Resource == "events" {
			events++
		}
		if r.IsHousekeeping() {
			continue
		}
		writes[WriteKey(&r.Exchange)]++
		if r.Committed == 201 {
			created[r.Resource+" "+r.Object()]++
		}
	}
	return
}

// knows reports whether the reference creates the object, even if it deletes it later.
func (ref *Reference) knows(object string) bool { return ref.Created[object].Max > 0 }

func isStatus(key string) bool {
	for i := range key {
		if i+7 <= len(key) && key[i:i+7] == "/status" {
			return true
		}
	}
	return false
}

// excuses: one more write for each request of the object that a fault hit, and for each process that
// began anew and cannot know what the one before it did.
func excuses(run *Run) func(key string) int {
	hits := map[string]int{}
	for _, r := range run.Records {
		if r.Kind == "request" && len(r.Fault) > 0 {
			hits[WriteKey(&r.Exchange)]++
		}
	}
	restarts := max(0, len(run.Exits)-1)
	return func(key string) int { return hits[key] + restarts }
}

// liveness is O4.
func liveness(run *Run, _ *Reference) []string {
	var problems []string
	if run.StepsError != "" {
		problems = append(problems, run.StepsError)
	}
	if !run.Converged {
		problems = append(problems, fmt.Sprintf("not as in the reference %.0f s after the last fault", run.Plan.Deadline))
	}
	return problems
}

// stability is O3.
func stability(run *Run, _ *Reference) []string {
	if !run.Converged {
		return nil // O4 reports it
	}
	var problems []string
	for _, r := range writesBetween(run.Records, run.ConvergedAt, run.WatchedUntil) {
		problems = append(problems, fmt.Sprintf("%s %.1f s after convergence (answer %d, effective %v)", WriteKey(&r.Exchange), r.At-run.ConvergedAt, r.Committed, r.Effective))
	}
	return problems
}

// idempotence is O11 for a controller: one that starts in the wanted state writes nothing.
func idempotence(run *Run, _ *Reference) []string {
	if run.RestartedAt == 0 {
		return nil
	}
	var problems []string
	for _, r := range writesBetween(run.Records, run.RestartedAt, run.Records[len(run.Records)-1].At) {
		problems = append(problems, fmt.Sprintf("%s after a restart in the wanted state", WriteKey(&r.Exchange)))
	}
	return problems
}

func writesBetween(records []*proxy.Record, from, to float64) []*proxy.Record {
	var found []*proxy.Record
	for _, r := range records {
		if r.Kind == "request" && r.IsWrite() && r.Resource != "leases" && r.At > from && r.At < to {
			found = append(found, r)
		}
	}
	return found
}
