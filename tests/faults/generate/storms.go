package generate

import (
	"fmt"
	"math/rand/v2"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
)

const (
	storms          = 20
	faultsInAStorm  = 4
	deadlineOfStorm = 55
)

// The faults of a storm: those from which the operator recovers by itself.
var stormy = map[string]bool{
	"killed-before": true, "killed-after": true, "killed-behind": true, "answer-lost": true, "blocked-thrice": true, "conflicts": true,
	"token-rotated": true, "too-many-1": true, "error-500": true, "timeout-504": true, "slow-1": true, "truncated": true, "html": true,
	"bad-chunk": true, "sent-twice": true, "term": true, "reset-in-line": true, "gone-event": true, "gone-status": true,
	"closed-each-event": true, "list-errors": true, "reset-in-list": true, "list-refused-422": true,
}

// stormPlans combine faults: each alone is survived, but one may meet the recovery from another. The seed
// is the storm's number; the plan holds what was drawn.
func stormPlans(references []*judge.Reference) []*plan.Plan {
	var plans []*plan.Plan
	for seed := range int64(storms) {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		ref := references[random.IntN(len(references))]
		p := &plan.Plan{
			Name: fmt.Sprintf("storm-%02d", seed+1), Experiment: "storm", Workload: ref.Workload, Class: plan.Legal, Seed: seed + 1,
			Deadline: deadlineOfStorm, Partial: true,
		}
		for len(p.Faults) < faultsInAStorm {
			var one plan.Plan
			if random.IntN(2) == 0 {
				w, f := ref.Order[random.IntN(len(ref.Order))], writeFaults[random.IntN(len(writeFaults))]
				if !stormy[f.name] || (f.fits != nil && !f.fits(w)) {
					continue
				}
				f.make(w, &one)
			} else {
				r, f := ref.Reads[random.IntN(len(ref.Reads))], readFaults[random.IntN(len(readFaults))]
				if !stormy[f.name] || f.verb != r.Verb || r.Resource == "leases" {
					continue
				}
				f.make(matchOf(&r), &one)
			}
			p.Faults = append(p.Faults, one.Faults...)
		}
		plans = append(plans, p)
	}
	return plans
}

// restartPlans start the operator anew when all is done: it must find nothing to do.
func restartPlans(references []*judge.Reference) []*plan.Plan {
	var plans []*plan.Plan
	for i, ref := range references {
		plans = append(plans, &plan.Plan{
			Name: ref.Workload + "-restarted", Experiment: "O11", Workload: ref.Workload, Class: plan.Legal, Restart: true, Smoke: i == 1,
		})
	}
	return plans
}
