package judge

import (
	"strings"
	"testing"

	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
	"profiling.dev/profiling-operator/tests/faults/world"
)

func snapshot(replicas int, ip, message string) world.Snapshot {
	return world.Snapshot{"services ns/s": kube.Object{"spec": map[string]any{"ip": ip, "replicas": replicas},
		"status": map[string]any{"conditions": []any{map[string]any{"message": message, "lastTransitionTime": ip}}}}}
}

func TestOnlyFieldsEqualInAllRunsAreCompared(t *testing.T) {
	masked, err := Mask([]world.Snapshot{snapshot(1, "10.0.0.1", "fine"), snapshot(1, "10.0.0.2", "fine"), snapshot(1, "10.0.0.3", "fine")})
	if err != nil || !masked["services ns/s"]["/spec/ip"] || len(masked["services ns/s"]) != 1 {
		t.Fatalf("%v, %v", masked, err)
	}
	reference := snapshot(1, "10.0.0.1", "fine")
	if d := Compare(reference, snapshot(1, "10.0.0.9", "fine"), masked); d != nil {
		t.Errorf("differs in what is masked: %v", d)
	}
	for _, wrong := range []world.Snapshot{snapshot(2, "10.0.0.9", "fine"), snapshot(1, "10.0.0.9", "bad"), {}} {
		if Compare(reference, wrong, masked) == nil {
			t.Errorf("no difference to %v", wrong)
		}
	}
	more := snapshot(1, "10.0.0.9", "fine")
	more["services ns/extra"] = kube.Object{}
	if d := Compare(reference, more, masked); len(d) != 1 || !strings.Contains(d[0].String(), "there instead of missing") {
		t.Errorf("an object too many: %v", d)
	}
}

func TestAWorkloadThatIsNotDeterministicCannotBeLearned(t *testing.T) {
	if _, err := Mask([]world.Snapshot{snapshot(1, "", ""), {}}); err == nil {
		t.Error("an object that is in one run only was masked")
	}
}

func request(verb, resource string, change func(*proxy.Record)) *proxy.Record {
	r := &proxy.Record{Kind: "request", Exchange: proxy.Exchange{Client: "a", Verb: verb, Resource: resource, Namespace: "ns", Name: "x"}, Status: 200, Committed: 200}
	if change != nil {
		change(r)
	}
	return r
}

func run(records ...*proxy.Record) *Run {
	return &Run{Plan: &plan.Plan{}, Records: records, Converged: true}
}

func expect(t *testing.T, ask func(*Run, *Reference) []string, r *Run, ref *Reference, part string) {
	t.Helper()
	problems := strings.Join(ask(r, ref), "; ")
	if part == "" && problems != "" || !strings.Contains(problems, part) {
		t.Errorf("%q should be about %q", problems, part)
	}
}

func effective(r *proxy.Record) { r.Effective = true }

func TestO2CountsWritesThatChangeSomething(t *testing.T) {
	ref := &Reference{Writes: map[string]Range{"apply services ns/x": {1, 1}}, Created: map[string]Range{}}
	once := request("apply", "services", effective)
	expect(t, writeSummary, run(once, request("apply", "services", nil)), ref, "")
	expect(t, writeSummary, run(once, once), ref, "2 effective writes; the reference has 1")
	hit := request("apply", "services", func(r *proxy.Record) { r.Effective, r.Fault = true, []string{"after:close"} })
	expect(t, writeSummary, run(hit, once), ref, "")
	expect(t, writeSummary, run(request("delete", "services", func(r *proxy.Record) { r.Effective, r.Fault = true, []string{"x"} })), ref, "delete")
	gone := &Reference{Writes: map[string]Range{}, Created: map[string]Range{"services ns/x": {1, 1}}}
	deleted := run(request("delete", "services", effective))
	expect(t, writeSummary, deleted, gone, "") // the collector was faster in the reference
	gone.End = world.Snapshot{"services ns/x": kube.Object{}}
	expect(t, writeSummary, deleted, gone, "delete")
	again := request("create", "services", func(r *proxy.Record) { r.Effective, r.Committed, r.Fault = true, 201, []string{"after:close"} })
	expect(t, writeSummary, run(again), ref, "created 1 times")
}

func TestO3SeesAnyWriteAfterConvergence(t *testing.T) {
	r := run(request("apply", "services", func(r *proxy.Record) { r.At = 5 }), request("patch", "leases", func(r *proxy.Record) { r.At = 5 }))
	r.ConvergedAt, r.WatchedUntil = 4, 7
	expect(t, stability, r, nil, "apply services ns/x 1.0 s after")
	if n := len(stability(r, nil)); n != 1 {
		t.Errorf("%d problems: a Lease may be written", n)
	}
}

func TestO5RequiresPreconditions(t *testing.T) {
	expect(t, preconditions, run(request("delete", "services", nil)), nil, "neither uid nor resourceVersion")
	expect(t, preconditions, run(request("delete", "services", func(r *proxy.Record) { r.Conditional = true }), request("apply", "services", nil)), nil, "")
}

func TestO6ReportsAnUnexpectedExit(t *testing.T) {
	r := run()
	r.Exits = []world.Exit{{Client: "a", Code: -1, Signal: 9, Planned: true}, {Client: "a", Code: 0, Asked: true}}
	expect(t, health, r, &Reference{}, "")
	r.Exits = append(r.Exits, world.Exit{Client: "a", Code: -1, Signal: 11})
	expect(t, health, r, &Reference{}, "signal 11")
	r.Exits = []world.Exit{{Client: "a", Code: 1}}
	expect(t, health, r, &Reference{}, "code 1")
	r.Plan.AllowedExits = []int{1}
	expect(t, health, r, &Reference{}, "")
	r.Logs = map[string]string{"a": "x\n==1==ERROR: AddressSanitizer: heap-use-after-free\n"}
	expect(t, health, r, &Reference{}, "heap-use-after-free")
}

func TestO7BoundsTriesAndHonoursPauses(t *testing.T) {
	var hot []*proxy.Record
	for i := range 20 {
		hot = append(hot, request("apply", "services", func(r *proxy.Record) { r.Status, r.At = 500, float64(i)*0.01 }))
	}
	expect(t, politeness, run(hot...), nil, "20 failing tries within 1 s")
	asked := request("apply", "services", func(r *proxy.Record) { r.Status, r.RetryAfter, r.End = 429, 5, 1 })
	early := request("get", "secrets", func(r *proxy.Record) { r.At = 3 })
	expect(t, politeness, run(asked, early), nil, "came 2.00 s after")
	late := request("get", "secrets", func(r *proxy.Record) { r.At = 6 })
	renewal := request("patch", "leases", func(r *proxy.Record) { r.At = 3 })
	expect(t, politeness, run(asked, late, renewal), nil, "")
	began := &proxy.Record{Kind: "process", At: 2, Note: "started, pid 1", Exchange: proxy.Exchange{Client: "a"}}
	expect(t, politeness, run(asked, began, early), nil, "")
}

func TestO9FindsACanaryAnywhere(t *testing.T) {
	r := run()
	r.Canaries, r.Logs = map[string]string{"the key": "canary-1"}, map[string]string{"a": "nothing"}
	expect(t, secrecy, r, nil, "")
	r.Metrics = `x{y="canary-1"} 1`
	expect(t, secrecy, r, nil, "the key is in the metrics")
}

func TestO10ComparesGenerations(t *testing.T) {
	ahead := request("patch", "profilingservers", func(r *proxy.Record) { r.Group, r.Generation, r.Observed = "profiling.dev", 1, 2 })
	expect(t, honesty, run(ahead), nil, "ahead of generation 1")
	r := run()
	r.Plan.Seen = []plan.Seen{{Resource: "profilingservers", Object: "ns/x", Type: "Ready", Reason: "Conflict"}}
	expect(t, honesty, r, nil, "never said")
	r.Records = []*proxy.Record{request("patch", "profilingservers", func(r *proxy.Record) {
		r.Group, r.Generation, r.Conditions = "profiling.dev", 1, []proxy.Condition{{Type: "Ready", Reason: "Conflict"}}
	})}
	expect(t, honesty, r, nil, "")
}

func stream(verb, from, last string, at float64) *proxy.Record {
	return request(verb, "pods", func(r *proxy.Record) { r.From, r.ResourceVersion, r.At = from, last, at })
}

func TestAWatchResumesWhereTheLastOneEnded(t *testing.T) {
	list := stream("watchlist", "", "10", 1)
	expect(t, resumption, run(list, stream("watch", "10", "15", 2), stream("watch", "15", "", 3), stream("watch", "15", "", 4)), nil, "")
	expect(t, resumption, run(list, stream("watch", "10", "15", 2), stream("watch", "12", "", 3)), nil, "") // the rest was cut off
	expect(t, resumption, run(list, stream("watch", "12", "", 2)), nil, "resumes from 12")
	expect(t, resumption, run(list, stream("watch", "9", "", 2)), nil, "resumes from 9")
}

func TestOneLeaderWritesAtATime(t *testing.T) {
	of := func(client string, at, end float64) *proxy.Record {
		return request("apply", "services", func(r *proxy.Record) { r.Client, r.At, r.End = client, at, end })
	}
	expect(t, leadership, run(of("a", 1, 2), of("b", 3, 4)), nil, "")
	expect(t, leadership, run(of("a", 1, 3.5), of("b", 3, 4)), nil, "began before")
	expect(t, leadership, run(of("a", 1, 2), of("b", 3, 4), of("a", 5, 6)), nil, "writes again after")
	release := request("patch", "leases", func(r *proxy.Record) { r.Type, r.At = "release", 1.5 })
	expect(t, leadership, run(of("a", 1, 2), release), nil, "released before the last write had ended")
}

func TestLearningKeepsWhatEveryRunHas(t *testing.T) {
	learned := func(writes int) *Run {
		r := run()
		r.End = world.Snapshot{}
		for i := range writes {
			r.Records = append(r.Records, request("patch", "services", func(r *proxy.Record) {
				r.Effective, r.Conditional, r.At = true, true, float64(i)
			}))
		}
		return r
	}
	ref, err := Learn("w", "b", []*Run{learned(2), learned(3), learned(1)})
	if err != nil {
		t.Fatal(err)
	}
	if got := ref.Writes["patch services ns/x"]; got != (Range{1, 3}) {
		t.Errorf("range %+v", got)
	}
	if len(ref.Order) != 1 || ref.Order[0].Nth != 1 {
		t.Errorf("a write that one run skips would not be reached again: %+v", ref.Order)
	}
}
