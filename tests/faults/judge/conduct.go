package judge

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/proxy"
)

// preconditions is O5. Server-side apply of our own fields needs none; an event has a name that is used
// once, so that its patch cannot meet another object.
func preconditions(run *Run, _ *Reference) []string {
	var problems []string
	for _, r := range run.Records {
		if r.Kind != "request" || !r.IsWrite() || r.Conditional || r.Verb == "create" || r.Verb == "apply" || r.Resource == "events" {
			continue
		}
		problems = append(problems, WriteKey(&r.Exchange)+" names neither uid nor resourceVersion")
	}
	return problems
}

// The key's own back-off starts at 5 ms and doubles: eight tries fall into the first second, and a status
// that says why may come with each.
const (
	triesInOneSecond  = 12
	triesInTenSeconds = 24
)

// politeness is O7.
func politeness(run *Run, _ *Reference) []string {
	var problems []string
	failed := map[string][]try{}
	for _, r := range run.Records {
		// Retries of an earlier process do not count; kubelet's own back-off bounds those.
		if r.Kind == "request" && r.Resource != "leases" && (r.Status == 0 || r.Status >= 400) && r.Status != 404 && !endedOnPurpose(r) {
			key := r.Client + " " + WriteKey(&r.Exchange) + r.Selector
			// The HTTP library sends a request again, by itself and at once, when a connection that was in use
			// before closes without an answer: two arrive for each try.
			weight := 1.0
			if r.Status == 0 {
				weight = 0.5
			}
			failed[key] = append(failed[key], try{r.At, weight})
		}
	}
	for key, times := range failed {
		sort.Slice(times, func(i, j int) bool { return times[i].at < times[j].at })
		for _, window := range []struct {
			seconds float64
			most    float64
		}{{1, triesInOneSecond}, {10, triesInTenSeconds}} {
			if n := densest(times, window.seconds); n > window.most {
				problems = append(problems, fmt.Sprintf("%s: %.0f failing tries within %.0f s", key, n, window.seconds))
			}
		}
	}
	return append(problems, impatience(run.Records)...)
}

// endedOnPurpose: a stream that was answered and then ended has no status.
func endedOnPurpose(r *proxy.Record) bool { return r.IsStream() && r.Committed == 200 }

type try struct{ at, weight float64 }

func densest(times []try, window float64) float64 {
	most, now, from := 0.0, 0.0, 0
	for _, t := range times {
		for now += t.weight; t.at-times[from].at > window; from++ {
			now -= times[from].weight
		}
		most = max(most, now)
	}
	return most
}

// impatience: a server that asks for a pause gets it: from all calls of the process, or, when a list or
// watch was refused, from that one. The Lease has connections and a pace of its own.
func impatience(records []*proxy.Record) []string {
	const slack = 0.15 // the answer is recorded a moment after the operator has it
	var problems []string
	for _, asked := range records {
		if asked.Kind != "request" || asked.RetryAfter == 0 || asked.Resource == "leases" {
			continue
		}
		until := asked.End + float64(asked.RetryAfter) - slack
		reflected := asked.IsStream() || asked.Verb == "list"
		for _, r := range records {
			if r.Kind != "request" || r.Client != asked.Client || r.Resource == "leases" || r.At < asked.End+slack || r.At > until {
				continue
			}
			if beganAnew(records, r.Client, asked.End, r.At) {
				continue // a new process does not know the answers to the one before it
			}
			same := r.Resource == asked.Resource && r.Selector == asked.Selector && r.Name == asked.Name
			listing := r.IsStream() || r.Verb == "list"
			if (reflected && listing && same) || (!reflected && !listing) {
				problems = append(problems, fmt.Sprintf("%s came %.2f s after the server had asked for %d s", WriteKey(&r.Exchange), r.At-asked.End, asked.RetryAfter))
			}
		}
	}
	return problems
}

func beganAnew(records []*proxy.Record, client string, from, to float64) bool {
	for _, r := range records {
		if r.Kind == "process" && r.Client == client && strings.HasPrefix(r.Note, "started") && r.At > from && r.At < to {
			return true
		}
	}
	return false
}

// resumption: a watch continues where the one before it ended. Beginning later would lose events, beginning
// earlier than that one began would travel back in time.
func resumption(run *Run, _ *Reference) []string {
	type place struct{ from, last uint64 }
	places := map[string]place{}
	var problems []string
	streams := make([]*proxy.Record, 0, len(run.Records))
	for _, r := range run.Records {
		if r.Kind == "request" && (r.IsStream() || r.Verb == "list") {
			streams = append(streams, r)
		}
		if r.Kind == "process" {
			streams = append(streams, r)
		}
	}
	sort.SliceStable(streams, func(i, j int) bool { return streams[i].At < streams[j].At })
	for _, r := range streams {
		if r.Kind == "process" {
			places = map[string]place{} // a new process begins with a list
			continue
		}
		key := r.Client + " " + r.Resource + " " + r.Selector + " " + r.Name
		last := number(r.ResourceVersion)
		if r.Verb != "watch" {
			places[key] = place{last, last}
			continue
		}
		from := number(r.From)
		if before, known := places[key]; known && before.last > 0 && (from > before.last || from < before.from) {
			problems = append(problems, fmt.Sprintf("watch of %s resumes from %d; the stream before it began at %d and had come to %d", key, from, before.from, before.last))
		}
		places[key] = place{from, max(last, from)}
	}
	return problems
}

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}
