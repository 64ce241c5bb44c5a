package judge

import (
	"fmt"
	"sort"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/proxy"
	"profiling.dev/profiling-operator/tests/faults/world"
)

const ourGroup = "profiling.dev"

// Learn makes a reference from runs of a workload without faults.
func Learn(name, binary string, runs []*Run) (*Reference, error) {
	ref := &Reference{Workload: name, Binary: binary, Writes: map[string]Range{}, Created: map[string]Range{}}
	var ends []world.Snapshot
	for i, run := range runs {
		if run.StepsError != "" {
			return nil, fmt.Errorf("%s without faults: %s", name, run.StepsError)
		}
		for _, ask := range []func(*Run, *Reference) []string{preconditions, health, secrecy, honesty, resumption, leadership} {
			if problems := ask(run, ref); len(problems) > 0 {
				return nil, fmt.Errorf("%s without faults: %s", name, problems[0])
			}
		}
		if len(run.Certificates) > 0 {
			return nil, fmt.Errorf("%s without faults: %s", name, run.Certificates[0])
		}
		ends = append(ends, run.End)
		writes, created, events := Summarise(run.Records)
		widen(ref.Writes, writes, i == 0)
		widen(ref.Created, created, i == 0)
		ref.Events = wider(ref.Events, events, i == 0)
		ref.Files = max(ref.Files, run.Samples["process_open_fds"])
		ref.Threads = max(ref.Threads, run.Samples["process_threads"])
	}
	ref.End = ends[0]
	var err error
	if ref.Masked, err = Mask(ends); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	ref.Order = order(runs)
	ref.Reads = reads(runs[0].Records)
	return ref, nil
}

func widen(ranges map[string]Range, counts map[string]int, first bool) {
	for key := range counts {
		if _, known := ranges[key]; !known {
			ranges[key] = Range{Min: 0}
			if first {
				ranges[key] = Range{Min: counts[key]}
			}
		}
	}
	for key, r := range ranges {
		ranges[key] = wider(r, counts[key], false)
	}
}

func wider(r Range, count int, first bool) Range {
	if first {
		return Range{count, count}
	}
	return Range{min(r.Min, count), max(r.Max, count)}
}

// order keeps the writes that happen in every run, so that a fault at one of them is reached again. Which
// is the n-th counts requests that change nothing as well, as a plan's trigger does.
func order(runs []*Run) []Write {
	least := map[string]int{}
	for i, run := range runs {
		counts := map[string]int{}
		for _, r := range run.Records {
			if r.Kind == "request" && r.IsWrite() && !r.IsHousekeeping() {
				counts[WriteKey(&r.Exchange)]++
			}
		}
		for key, n := range counts {
			if i == 0 {
				least[key] = n
			}
		}
		for key := range least {
			least[key] = min(least[key], counts[key])
		}
	}
	var all []Write
	nth := map[string]int{}
	for _, r := range byArrival(runs[0].Records) {
		if !r.IsWrite() || r.IsHousekeeping() {
			continue
		}
		key := WriteKey(&r.Exchange)
		nth[key]++
		if r.Effective && nth[key] <= least[key] {
			ex := r.Exchange
			ex.Client = ""
			all = append(all, Write{ex, nth[key], r.Committed == 201, owner(&ex, runs[0].End)})
		}
	}
	return all
}

func owner(e *proxy.Exchange, end world.Snapshot) string {
	if e.Group == ourGroup {
		return e.Resource + ":" + e.Object()
	}
	for _, reference := range end[world.Key(e.Resource, e.Namespace, e.Name)].List("metadata", "ownerReferences") {
		if strings.HasPrefix(reference.Text("apiVersion"), ourGroup+"/") {
			return strings.ToLower(reference.Text("kind")) + "s:" + e.Namespace + "/" + reference.Text("name")
		}
	}
	return ""
}

func reads(records []*proxy.Record) []proxy.Exchange {
	seen := map[proxy.Exchange]bool{}
	var all []proxy.Exchange
	for _, r := range byArrival(records) {
		ex := r.Exchange
		ex.Client = ""
		if ex.IsWrite() || ex.Resource == "" || seen[ex] {
			continue
		}
		seen[ex] = true
		all = append(all, ex)
	}
	return all
}

func byArrival(records []*proxy.Record) []*proxy.Record {
	var requests []*proxy.Record
	for _, r := range records {
		if r.Kind == "request" {
			requests = append(requests, r)
		}
	}
	sort.SliceStable(requests, func(i, j int) bool { return requests[i].At < requests[j].At })
	return requests
}
