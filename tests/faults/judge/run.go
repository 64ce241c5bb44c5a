// Package judge holds what was observed in a run against what the same workload does without faults.
package judge

import (
	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
	"profiling.dev/profiling-operator/tests/faults/world"
)

// Run is everything that was observed. Times are seconds of the trace.
type Run struct {
	Plan    *plan.Plan
	Records []*proxy.Record
	End     world.Snapshot
	Exits   []world.Exit
	Last    world.Exit // of the process that was stopped at the end

	StepsError     string  // a step of the workload failed or waited in vain
	NotInjected    int     // faults that never hit anything
	FaultsOver     float64 // when the last fault and the last step were over
	Converged      bool
	ConvergedAt    float64
	WatchedUntil   float64 // nothing but Leases may be written between ConvergedAt and here
	RestartedAt    float64 // of a plan that restarts the operator at the end; 0: not
	StopSeconds    float64
	Led            bool   // a process held the lease before the stop
	LeaseHolder    string // after it
	Certificates   []string
	Dishonest      []string // statuses that claimed what was not so when they were written
	ForeignTouched []string
	DecoyRequests  int64
	DecoyTokens    int64

	Logs     map[string]string // by client
	Events   []kube.Object
	Metrics  string
	Samples  map[string]float64
	Canaries map[string]string // name of a secret → its text
	Trace    string
}

// Reference is what a workload does without faults.
type Reference struct {
	Workload string                     `json:"workload"`
	Binary   string                     `json:"binary"` // checksum of what was learned from
	End      world.Snapshot             `json:"end"`
	Masked   map[string]map[string]bool `json:"masked"` // object → paths that differ between runs
	Writes   map[string]Range           `json:"writes"` // effective ones, by WriteKey
	Created  map[string]Range           `json:"created"`
	Order    []Write                    `json:"order"` // effective ones that every run has, as the first had them
	Reads    []proxy.Exchange           `json:"reads"` // distinct gets and streams of the first run
	Events   Range                      `json:"events"`
	Files    float64                    `json:"files"` // most descriptors, threads
	Threads  float64                    `json:"threads"`
}

// Write is the Nth request of its WriteKey.
type Write struct {
	proxy.Exchange
	Nth     int    `json:"nth"`
	Created bool   `json:"created,omitempty"` // the object was not there before
	Owner   string `json:"owner,omitempty"`   // custom resource that it is written for, RESOURCE:NS/NAME
}

// Range of a count over the runs that were learned from.
type Range struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// Verdict of one oracle.
type Verdict struct {
	Oracle   string   `json:"oracle"`
	Problems []string `json:"problems,omitempty"`
}

// OK reports whether the oracle found nothing.
func (v Verdict) OK() bool { return len(v.Problems) == 0 }

// WriteKey groups writes in summaries.
func WriteKey(e *proxy.Exchange) string {
	key := e.Verb + " " + e.Resource
	if e.Subresource != "" {
		key += "/" + e.Subresource
	}
	return key + " " + e.Object()
}

// Judge runs every oracle.
func Judge(run *Run, ref *Reference) []Verdict {
	oracles := []struct {
		name string
		ask  func(*Run, *Reference) []string
	}{
		{"injected", injected}, {"O1 end state", endState}, {"O2 write summary", writeSummary}, {"O3 stability", stability},
		{"O4 liveness", liveness}, {"O5 preconditions", preconditions}, {"O6 health", health}, {"O7 politeness", politeness},
		{"O9 secrecy", secrecy}, {"O10 honest status", honesty}, {"O11 idempotence", idempotence}, {"watch resumption", resumption},
		{"leadership", leadership},
	}
	verdicts := make([]Verdict, 0, len(oracles))
	for _, o := range oracles {
		problems := o.ask(run, ref)
		if len(problems) > 8 {
			problems = append(problems[:8], "…")
		}
		verdicts = append(verdicts, Verdict{o.name, problems})
	}
	return verdicts
}

// Passed reports whether all oracles passed.
func Passed(verdicts []Verdict) bool {
	for _, v := range verdicts {
		if !v.OK() {
			return false
		}
	}
	return true
}
