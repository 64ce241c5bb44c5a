package generate

import (
	"slices"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
)

// readFault hits a get, or one of the two requests of a watched collection: the list that is streamed, or
// the watch that follows it.
type readFault struct {
	name       string
	experiment string
	verb       string // get, watchlist, watch
	needs      need   // what must be there for the fault to happen
	objects    int    // how many of the objects read are hit, each by its own plan; 0: all
	make       func(m plan.Match, p *plan.Plan)
}

// need of a fault, since not every collection has an object when it is listed, nor an event afterwards.
type need int

const (
	nothing need = iota
	object
	objects
	event
)

func on(do, phase string, change ...func(*plan.Fault)) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) {
		f := plan.Fault{On: plan.Trigger{Match: m, Phase: phase}, Do: do}
		for _, c := range change {
			c(&f)
		}
		p.Faults = append(p.Faults, f)
	}
}

func together(makes ...func(plan.Match, *plan.Plan)) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) {
		for _, make := range makes {
			make(m, p)
		}
	}
}

// paged: a server that does not stream lists.
func paged(code int) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) {
		on("answer", plan.Before, status(code), lasting(20))(with(m, "watchlist"), p)
	}
}

func with(m plan.Match, verb string) plan.Match { m.Verb = verb; return m }

func listed(make func(plan.Match, *plan.Plan)) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) { make(with(m, "list"), p) }
}

func onePerPage(f *plan.Fault) { f.Query = map[string]string{"limit": "1"}; f.Seconds = 20 }

// quickly: a watch ends after five to ten seconds, so that a silent one is noticed within fifteen.
func quickly(make func(plan.Match, *plan.Plan)) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) {
		make(m, p)
		p.Flags = []string{"--watch-timeout=5s"}
	}
}

func allow(deadline float64, make func(plan.Match, *plan.Plan)) func(plan.Match, *plan.Plan) {
	return func(m plan.Match, p *plan.Plan) {
		make(m, p)
		p.Deadline = deadline
	}
}

var readFaults = []readFault{
	{"blocked", "E05", "get", nothing, 0, on("close", plan.Before)},
	{"blocked-often", "E05", "get", nothing, 3, on("close", plan.Before, times(4))},
	{"answer-lost", "E04", "get", nothing, 3, on("close", plan.After)},
	{"token-rotated", "E09", "get", nothing, 3, on("rotate", plan.Before)},
	{"forbidden", "E09", "get", nothing, 2, allow(50, on("answer", plan.Before, status(403)))},
	{"too-many-2", "E11", "get", nothing, 3, on("answer", plan.Before, status(429), after(2))},
	{"errors-500", "E11", "get", nothing, 0, on("answer", plan.Before, status(500), times(3))},
	{"errors-503", "E11", "get", nothing, 3, on("answer", plan.Before, status(503), after(1), times(2))},
	{"timeout-504", "E11", "get", nothing, 2, on("answer", plan.Before, status(504))},
	{"slow-2", "E13", "get", nothing, 3, on("delay", plan.Before, slow(2))},
	{"truncated", "E14", "get", nothing, 3, on("corrupt", plan.After, how("truncated"))},
	{"not-json", "E14", "get", nothing, 3, on("corrupt", plan.After, how("not-json"))},
	{"html", "E14", "get", nothing, 3, on("corrupt", plan.After, how("html"))},
	{"wrong-kind", "E14", "get", nothing, 3, on("corrupt", plan.After, how("wrong-kind"))},
	{"bad-chunk", "E14", "get", nothing, 3, on("corrupt", plan.After, how("bad-chunk"))},
	{"redirect", "E14", "get", nothing, 3, on("redirect", plan.Before, status(302))},

	{"closed-each-second", "E16", "watch", nothing, 5, allow(45, on("end-stream", plan.Mid, slow(1), lasting(8)))},
	{"closed-each-event", "E16", "watch", event, 4, allow(45, on("end-stream", plan.Mid, times(6)))},
	{"reset-in-line", "E17", "watch", event, 0, allow(45, on("reset-stream", plan.Mid))},
	{"reset-in-list", "E17", "watchlist", object, 4, on("reset-stream", plan.Mid)},
	{"silent", "E18", "watch", event, 4, allow(45, quickly(on("silence", plan.Mid)))},
	{"gone-status", "E19", "watch", nothing, 4, on("answer", plan.Before, status(410))},
	{"gone-event", "E19", "watch", event, 0, on("error-event", plan.Mid, status(410))},
	{"gone-page", "E19", "watchlist", objects, 3, together(paged(422), listed(on("rewrite", plan.Before, onePerPage)),
		func(m plan.Match, p *plan.Plan) {
			f := plan.Fault{On: plan.Trigger{Match: with(m, "list"), Nth: 2, Phase: plan.Before}, Do: "answer", Status: 410}
			p.Faults = append(p.Faults, f)
		})},
	{"list-refused-400", "E19", "watchlist", nothing, 4, on("answer", plan.Before, status(400))},
	{"list-refused-422", "E19", "watchlist", nothing, 4, on("answer", plan.Before, status(422))},
	{"no-end-bookmark", "E19", "watchlist", object, 3, quickly(on("no-end-bookmark", plan.Mid))},
	{"paged", "E19", "watchlist", nothing, 3, together(paged(400), listed(on("rewrite", plan.Before, onePerPage)))},
	{"bookmarks", "E20", "watch", event, 4, quickly(on("bookmarks", plan.Mid, times(3)))},
	{"unknown-event", "E26", "watch", event, 3, on("inject", plan.Mid, how("unknown-type"))},
	{"no-metadata", "E26", "watch", event, 3, on("inject", plan.Mid, how("no-metadata"))},
	{"no-object", "E26", "watch", event, 3, on("inject", plan.Mid, how("no-object"))},
	{"list-slow", "E29", "watchlist", nothing, 3, on("delay", plan.Before, slow(5))},
	{"list-forbidden", "E09", "watchlist", nothing, 3, allow(50, on("answer", plan.Before, status(403), lasting(3)))},
	{"list-errors", "E11", "watchlist", nothing, 4, allow(45, on("answer", plan.Before, status(500), times(3)))},
	{"list-too-many", "E11", "watchlist", nothing, 3, on("answer", plan.Before, status(429), after(3))},
	{"watch-too-many", "E11", "watch", nothing, 3, on("answer", plan.Before, status(429), after(3))},
	{"list-html", "E14", "watchlist", nothing, 3, together(paged(400), listed(on("corrupt", plan.After, how("html"))))},
	{"list-truncated", "E14", "watchlist", nothing, 3, together(paged(400), listed(on("corrupt", plan.After, how("truncated"))))},
	{"list-redirect", "E14", "watchlist", nothing, 3, on("redirect", plan.Before, status(302))},
	{"token-rotated", "E09", "watch", nothing, 3, on("rotate", plan.Before)},
}

// smokeReads are tried in the smoke run as well, once each.
var smokeReads = map[string]bool{
	"errors-500": true, "wrong-kind": true, "closed-each-event": true, "reset-in-line": true, "gone-event": true, "gone-page": true,
	"list-refused-422": true, "bookmarks": true, "silent": true, "unknown-event": true,
}

// readPlans spreads each fault over what is read, beginning at another place for each, so that together
// they reach everything.
func readPlans(references []*judge.Reference) []*plan.Plan {
	var plans []*plan.Plan
	for i, f := range readFaults {
		targets := targetsOf(references, f)
		count := f.objects
		if count == 0 || count > len(targets) {
			count = len(targets)
		}
		for n := range count {
			t := targets[(i*3+n*max(1, len(targets)/count))%len(targets)]
			p := &plan.Plan{Name: readName(t, f), Experiment: f.experiment, Workload: t.workload, Class: plan.Legal, Smoke: n == 0 && smokeReads[f.name]}
			f.make(matchOf(&t.read), p)
			if t.read.Resource == "deployments" {
				p.AllowedExits = []int{1} // the owner is read once, at the start: without it the process ends, and is started again
			}
			plans = append(plans, p)
		}
	}
	return plans
}

type target struct {
	workload string
	read     proxy.Exchange
}

// targetsOf a fault: each distinct read, in the workload that reads it most.
func targetsOf(references []*judge.Reference, f readFault) []target {
	var targets []target
	seen := map[string]bool{}
	for _, ref := range references {
		for _, r := range ref.Reads {
			// The Lease has its own schedule and its own plans.
			if r.Verb != f.verb || r.Resource == "leases" || seen[what(&r)] {
				continue
			}
			if !possible(ref.Workload, &r, f.needs) {
				continue
			}
			seen[what(&r)] = true
			targets = append(targets, target{ref.Workload, r})
		}
	}
	return targets
}

// what is read: of gets the kind and, for the operator's own objects, the name.
func what(r *proxy.Exchange) string {
	name := r.Name
	if r.Verb == "get" && r.Namespace != "profiling-system" {
		name = ""
	}
	return strings.Join([]string{r.Verb, r.Resource, name, r.Selector}, " ")
}

// By workload: what happens after the operator has started, and what exists when it starts.
var (
	livelyIn = map[string][]string{
		"drift":        {"profilingservers", "configmaps", "services", "statefulsets", "servers' pods"},
		"policies":     {"profilingpolicies"},
		"certificates": {"secrets", "mutatingwebhookconfigurations"},
		"workloads":    {"pods", "workloadprofiles", "clusterprofilingpolicies"},
	}
	filledIn = map[string][]string{
		"certificates": {"mutatingwebhookconfigurations", "namespaces"},
		"workloads":    {"pods"},
	}
)

func possible(workload string, r *proxy.Exchange, needs need) bool {
	place := r.Resource
	if place == "pods" && r.Selector != "" {
		place = "servers' pods" // the other watch of pods is for all of them
	}
	switch needs {
	case event:
		return slices.Contains(livelyIn[workload], place)
	case objects: // more than one, so that there is a second page
		return r.Name == "" && slices.Contains(filledIn[workload], place)
	case object:
		return slices.Contains(filledIn[workload], place)
	}
	return true
}

func readName(t target, f readFault) string {
	name := t.workload + "-" + t.read.Verb + "-" + t.read.Resource
	for _, part := range []string{t.read.Name, t.read.Selector} {
		if part != "" {
			name += "-" + part
		}
	}
	return strings.NewReplacer("/", "-", "=", "-", ".", "-").Replace(name) + "-" + f.name
}
