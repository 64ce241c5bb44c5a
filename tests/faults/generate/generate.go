// Package generate makes plans from the reference runs: each effective write with each fault of a write,
// each read with the faults of a read, less those that would only repeat another.
package generate

import (
	"fmt"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
)

// All plans, in a fixed order; names are unique.
func All(references []*judge.Reference) ([]*plan.Plan, error) {
	plans := append(writePlans(references), readPlans(references)...)
	plans = append(plans, restartPlans(references)...)
	plans = append(plans, stormPlans(references)...)
	seen := map[string]bool{}
	for _, p := range plans {
		if seen[p.Name] {
			return nil, fmt.Errorf("two plans are called %s", p.Name)
		}
		seen[p.Name] = true
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return plans, nil
}

// Smoke keeps the plans that stand for all others.
func Smoke(plans []*plan.Plan) []*plan.Plan {
	var some []*plan.Plan
	for _, p := range plans {
		if p.Smoke {
			some = append(some, p)
		}
	}
	return some
}

// class of a write: writes of one class come from the same code.
func class(e *proxy.Exchange) string {
	return e.Verb + "-" + e.Resource + strings.TrimSuffix("-"+e.Subresource, "-")
}

func matchOf(e *proxy.Exchange) plan.Match {
	m := plan.Match{Verb: e.Verb, Resource: e.Resource, Subresource: e.Subresource, Object: e.Object(), Selector: e.Selector}
	if m.Subresource == "" {
		m.Subresource = "-"
	}
	return m
}

func nameOf(workload string, e *proxy.Exchange, nth int, fault string) string {
	name := workload + "-" + class(e) + "-" + e.Name
	if nth > 1 {
		name += fmt.Sprintf("-%d", nth)
	}
	return strings.ReplaceAll(name+"-"+fault, "/", "-")
}
