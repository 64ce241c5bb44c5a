package generate

import (
	"strings"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
)

// writeFault is one column of the matrix.
type writeFault struct {
	name       string
	experiment string
	reach      reach
	fits       func(w judge.Write) bool
	make       func(w judge.Write, p *plan.Plan)
}

// reach: at which writes a fault is tried.
type reach int

const (
	onceForVerb reach = iota // one of each verb: what matters is the client's code
	once                     // one of each class: what matters is the controller's code
	perWorkload              // one of each class in each workload
	every                    // every write: what matters is the moment
)

func fault(do, phase string, change ...func(*plan.Fault)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		f := plan.Fault{On: plan.Trigger{Match: matchOf(&w.Exchange), Nth: w.Nth, Phase: phase}, Do: do}
		for _, c := range change {
			c(&f)
		}
		p.Faults = []plan.Fault{f}
	}
}

func times(n int) func(*plan.Fault)          { return func(f *plan.Fault) { f.Times = n } }
func lasting(s float64) func(*plan.Fault)    { return func(f *plan.Fault) { f.Seconds = s } }
func status(code int) func(*plan.Fault)      { return func(f *plan.Fault) { f.Status = code } }
func reason(text string) func(*plan.Fault)   { return func(f *plan.Fault) { f.Reason = text } }
func after(seconds int) func(*plan.Fault)    { return func(f *plan.Fault) { f.RetryAfter = seconds } }
func how(text string) func(*plan.Fault)      { return func(f *plan.Fault) { f.How = text } }
func slow(seconds float64) func(*plan.Fault) { return func(f *plan.Fault) { f.Delay = seconds } }

func creates(w judge.Write) bool { return w.Verb == "create" }
func exists(w judge.Write) bool  { return w.Verb == "patch" }

// final: an error that the operator does not try again before the object changes.
func final(make func(judge.Write, *plan.Plan)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		make(w, p)
		p.Nudge = w.Owner
	}
}

func allowed(deadline float64, make func(judge.Write, *plan.Plan)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		make(w, p)
		p.Deadline = deadline
	}
}

// slowly: slow calls must not cost the lease.
func slowly(make func(judge.Write, *plan.Plan)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		make(w, p)
		p.Lease = "slow"
	}
}

// ofLeader: two replicas, and the one that leads loses its lease at this write.
func ofLeader(make func(judge.Write, *plan.Plan)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		make(w, p)
		p.Replicas = 2
		p.AllowedExits = []int{1}
		p.Deadline = 60
		p.Faults[0].On.Client = "a"
	}
}

// leases: the fault hits the renewals from there on, and the write goes through.
func leases(f *plan.Fault) {
	f.Affects = &plan.Target{Match: plan.Match{Client: "a", Resource: "leases"}}
}

func illegal(make func(judge.Write, *plan.Plan)) func(judge.Write, *plan.Plan) {
	return func(w judge.Write, p *plan.Plan) {
		make(w, p)
		p.Class = plan.Illegal
	}
}

var writeFaults = []writeFault{
	{"killed-before", "E01", every, nil, fault("kill", plan.Before)},
	{"killed-after", "E02", every, nil, fault("kill", plan.After)},
	{"killed-behind", "E03", every, nil, fault("kill", plan.Delivered)},
	{"answer-lost", "E04", every, nil, fault("close", plan.After)},
	{"blocked", "E05", perWorkload, nil, fault("close", plan.Before)},
	{"blocked-thrice", "E05", once, nil, fault("close", plan.Before, times(3))},
	{"blocked-long", "E05", once, nil, fault("close", plan.Before, lasting(6))},
	{"conflict", "E06", perWorkload, nil, fault("answer", plan.Before, status(409))},
	{"conflicts", "E06", once, nil, fault("answer", plan.Before, status(409), times(5))},
	{"conflict-long", "E06", once, nil, fault("answer", plan.Before, status(409), lasting(5))},
	{"already-exists", "E07", once, creates, fault("answer", plan.Before, status(409), reason("AlreadyExists"))},
	{"invalid", "E08", once, nil, final(fault("answer", plan.Before, status(422)))},
	{"invalid-long", "E08", once, nil, final(fault("answer", plan.Before, status(422), lasting(4)))},
	{"token-rotated", "E09", once, nil, fault("rotate", plan.Before)},
	{"forbidden", "E09", once, nil, allowed(50, fault("answer", plan.Before, status(403), lasting(3))) /* asked again after half a minute */},
	{"not-found", "E10", once, exists, illegal(final(fault("answer", plan.Before, status(404))))},
	{"too-many-1", "E11", once, nil, fault("answer", plan.Before, status(429), after(1), times(3))},
	{"too-many-5", "E11", once, nil, fault("answer", plan.Before, status(429), after(5))},
	{"error-500", "E11", perWorkload, nil, fault("answer", plan.Before, status(500))},
	{"errors-500", "E11", once, nil, fault("answer", plan.Before, status(500), lasting(5))},
	{"errors-503", "E11", once, nil, fault("answer", plan.Before, status(503), after(1), lasting(5))},
	{"timeout-504", "E11", once, nil, fault("answer", plan.After, status(504))},
	{"too-large", "E12", onceForVerb, nil, final(fault("answer", plan.Before, status(413)))},
	{"wrong-type", "E12", onceForVerb, nil, final(fault("answer", plan.Before, status(415)))},
	{"slow-1", "E13", once, nil, fault("delay", plan.Before, slow(1))},
	{"slow-8", "E13", onceForVerb, nil, slowly(fault("delay", plan.After, slow(8)))},
	{"slow-31", "E13", onceForVerb, nil, slowly(fault("delay", plan.After, slow(31)))},
	{"black-hole", "E13", onceForVerb, nil, slowly(allowed(45, fault("hang", plan.Before)))},
	{"black-hole-after", "E13", onceForVerb, nil, slowly(allowed(45, fault("hang", plan.After)))},
	{"dripping", "E13", onceForVerb, nil, slowly(fault("drip", plan.After, slow(20)))},
	{"truncated", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("truncated"))},
	{"not-json", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("not-json"))},
	{"html", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("html"))},
	{"wrong-kind", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("wrong-kind"))},
	{"bad-chunk", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("bad-chunk"))},
	{"bad-head", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("bad-head"))},
	{"empty", "E14", onceForVerb, nil, fault("corrupt", plan.After, how("empty"))},
	{"redirect", "E14", onceForVerb, nil, fault("redirect", plan.Before, status(307))},
	{"sent-twice", "E15", once, nil, fault("twice", plan.Before, how("second"))},
	{"term", "E50", perWorkload, nil, fault("term", plan.Before)},
}

// Writes that move pods must be safe when the leader is cut off or frozen at any of them.
var leaderFaults = []writeFault{
	{"leader-cut-off", "E31", every, nil, ofLeader(fault("hang", plan.After, leases, lasting(12)))},
	{"leader-frozen", "E32", every, nil, ofLeader(fault("stop", plan.Before, lasting(9)))},
}

func faultsOf(workload string) []writeFault {
	if workload != "rollout" {
		return writeFaults
	}
	return append(append([]writeFault{}, writeFaults...), leaderFaults...)
}

func writePlans(references []*judge.Reference) []*plan.Plan {
	var plans []*plan.Plan
	prune := newPruning()
	for _, ref := range references {
		for _, w := range ref.Order {
			if prune.sharedAndSeen(w) {
				continue
			}
			for _, f := range faultsOf(ref.Workload) {
				if (f.fits != nil && !f.fits(w)) || prune.repeats(ref, w, f) {
					continue
				}
				p := &plan.Plan{
					Name: nameOf(ref.Workload, &w.Exchange, w.Nth, f.name), Experiment: f.experiment,
					Workload: ref.Workload, Class: plan.Legal,
				}
				f.make(w, p)
				plans = append(plans, p)
			}
		}
	}
	chooseSmoke(plans)
	return plans
}

// smokeWrites are tried in the smoke run as well, once each.
var smokeWrites = []string{
	"killed-before", "killed-after", "killed-behind", "answer-lost", "blocked-thrice", "conflicts", "already-exists", "invalid",
	"token-rotated", "too-many-1", "errors-503", "timeout-504", "too-large", "slow-1", "truncated", "html", "bad-chunk", "redirect",
	"sent-twice", "term",
}

// chooseSmoke takes one plan of each of those faults, from the classes of writes in turn.
func chooseSmoke(plans []*plan.Plan) {
	for i, fault := range smokeWrites {
		var candidates []*plan.Plan
		for _, p := range plans {
			if strings.HasSuffix(p.Name, "-"+fault) {
				candidates = append(candidates, p)
			}
		}
		if len(candidates) > 0 {
			candidates[i%len(candidates)].Smoke = true
		}
	}
}
