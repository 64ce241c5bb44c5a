package judge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/proxy"
)

var sanitizer = regexp.MustCompile(`(?m)^.*(Sanitizer|runtime error:|terminate called|Assertion .* failed).*$`)

// Idle connections of the HTTP library's pool are closed when they are used next, so a fault leaves some
// behind; what leaks grows with every request and is far above this.
const (
	spareFiles   = 16
	spareThreads = 2
	longestStop  = 12.0 // seconds; a pod gets 30 to end in
)

// health is O6.
func health(run *Run, ref *Reference) []string {
	var problems []string
	for _, e := range run.Exits {
		switch {
		case e.Planned, e.Asked && e.Code == 0, e.Code >= 0 && allowed(run.Plan.AllowedExits, e.Code):
		default:
			problems = append(problems, fmt.Sprintf("%s ended by itself: code %d, signal %d", e.Client, e.Code, e.Signal))
		}
	}
	if run.Last.Code != 0 {
		problems = append(problems, fmt.Sprintf("asked to stop, it ended with code %d, signal %d", run.Last.Code, run.Last.Signal))
	}
	if run.StopSeconds > longestStop {
		problems = append(problems, fmt.Sprintf("it took %.1f s to stop", run.StopSeconds))
	}
	for client, text := range run.Logs {
		for _, line := range sanitizer.FindAllString(text, 3) {
			problems = append(problems, client+": "+line)
		}
	}
	if files := run.Samples["process_open_fds"]; ref.Files > 0 && files > ref.Files+spareFiles {
		problems = append(problems, fmt.Sprintf("%.0f open descriptors; the reference has %.0f", files, ref.Files))
	}
	if threads := run.Samples["process_threads"]; ref.Threads > 0 && threads > ref.Threads+spareThreads {
		problems = append(problems, fmt.Sprintf("%.0f threads; the reference has %.0f", threads, ref.Threads))
	}
	if run.DecoyRequests > 0 {
		problems = append(problems, fmt.Sprintf("a redirect was followed %d times, with a token %d times", run.DecoyRequests, run.DecoyTokens))
	}
	return problems
}

func allowed(codes []int, code int) bool {
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// secrecy is O9.
func secrecy(run *Run, _ *Reference) []string {
	places := map[string]string{"metrics": run.Metrics, "trace": run.Trace}
	for client, text := range run.Logs {
		places["log of "+client] = text
	}
	for _, e := range run.Events {
		text, _ := json.Marshal(e)
		places["event "+e.Text("metadata", "name")] = string(text)
	}
	for key, o := range run.End {
		text, _ := json.Marshal(o)
		places[key] = string(text)
	}
	var problems []string
	for name, canary := range run.Canaries {
		for place, text := range places {
			if canary != "" && strings.Contains(text, canary) {
				problems = append(problems, fmt.Sprintf("%s is in the %s", name, place))
			}
		}
	}
	sort.Strings(problems)
	return problems
}

// honesty is O10.
func honesty(run *Run, _ *Reference) []string {
	problems := append([]string(nil), run.Dishonest...)
	seen := make([]bool, len(run.Plan.Seen))
	for _, r := range run.Records {
		if r.Group != ourGroup || (r.Kind != "event" && r.Kind != "request") {
			continue
		}
		if r.Observed > r.Generation {
			problems = append(problems, fmt.Sprintf("%s %s: observedGeneration %d is ahead of generation %d", r.Resource, r.Object(), r.Observed, r.Generation))
		}
		for _, c := range r.Conditions {
			if c.ObservedGeneration > r.Generation {
				problems = append(problems, fmt.Sprintf("%s %s: condition %s is ahead of generation %d", r.Resource, r.Object(), c.Type, r.Generation))
			}
			for i, s := range run.Plan.Seen {
				seen[i] = seen[i] || (s.Resource == r.Resource && s.Object == r.Object() && s.Type == c.Type && s.Reason == c.Reason)
			}
		}
	}
	for i, s := range run.Plan.Seen {
		if !seen[i] {
			problems = append(problems, fmt.Sprintf("%s %s never said %s: %s", s.Resource, s.Object, s.Type, s.Reason))
		}
	}
	return problems
}

// leadership: one process writes at a time, and a lease is released after its holder's last write.
func leadership(run *Run, _ *Reference) []string {
	var problems []string
	if run.Led && run.Last.Code == 0 && run.LeaseHolder != "" {
		problems = append(problems, "the lease was not released at the end: "+run.LeaseHolder)
	}
	writes := writesBetween(run.Records, -1, 1e9)
	sort.SliceStable(writes, func(i, j int) bool { return writes[i].At < writes[j].At })
	var last *proxy.Record // the write that ended last so far
	held := map[string]bool{}
	for _, w := range writes {
		if last != nil && last.Client != w.Client {
			if w.At < last.End {
				problems = append(problems, fmt.Sprintf("%s of %s began before %s of %s had ended", WriteKey(&w.Exchange), w.Client, WriteKey(&last.Exchange), last.Client))
			}
			if held[w.Client] {
				problems = append(problems, fmt.Sprintf("%s writes again after %s has written: %s", w.Client, last.Client, WriteKey(&w.Exchange)))
			}
		}
		held[w.Client] = true
		if last == nil || w.End > last.End {
			last = w
		}
	}
	for _, r := range run.Records {
		released := r.Kind == "request" && r.Resource == "leases" && r.Type == "release"
		if released && last != nil && last.Client == r.Client && last.End > r.At && last.At < r.At {
			problems = append(problems, "the lease was released before the last write had ended")
		}
	}
	return problems
}
