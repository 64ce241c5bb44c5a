package proxy

import (
	"io"
	"testing"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

var (
	apply = Exchange{Client: "a", Verb: "apply", Resource: "services", Namespace: "ns", Name: "s"}
	other = Exchange{Client: "a", Verb: "apply", Resource: "configmaps", Namespace: "ns", Name: "c"}
)

func rules(faults ...plan.Fault) *Rules { return NewRules(faults, NewTrace(io.Discard)) }

func hits(r *Rules, e *Exchange, phase string, n int) (total int) {
	for range n {
		total += len(r.At(e, phase))
	}
	return
}

func TestAFaultHitsTheNthRequestOnce(t *testing.T) {
	r := rules(plan.Fault{On: plan.Trigger{Match: plan.Match{Resource: "services"}, Nth: 3, Phase: plan.Before}, Do: "close"})
	if n := hits(r, &other, plan.Before, 5) + hits(r, &apply, plan.After, 5); n != 0 {
		t.Errorf("%d hits of requests or phases that do not match", n)
	}
	for i, want := range []int{0, 0, 1, 0, 0} {
		if n := len(r.At(&apply, plan.Before)); n != want {
			t.Errorf("request %d: %d hits, not %d", i+1, n, want)
		}
	}
	if all, hit, over, _ := r.State(); all != 1 || hit != 1 || over != 1 {
		t.Errorf("all %d, hit %d, over %d", all, hit, over)
	}
}

func TestAFaultMayLastForSeveralRequests(t *testing.T) {
	r := rules(plan.Fault{On: plan.Trigger{Match: plan.Match{Resource: "services"}, Phase: plan.Before}, Do: "close", Times: 3})
	if n := hits(r, &apply, plan.Before, 9); n != 3 {
		t.Errorf("%d hits", n)
	}
}

func TestAFaultMayHitOthersThanWhatBeginsIt(t *testing.T) {
	r := rules(plan.Fault{
		On:      plan.Trigger{Match: plan.Match{Resource: "services"}, Phase: plan.Before},
		Affects: &plan.Target{Match: plan.Match{Resource: "configmaps"}}, Do: "close", Times: 2,
	})
	if n := hits(r, &other, plan.Before, 3); n != 0 {
		t.Errorf("%d hits before it begins", n)
	}
	if n := hits(r, &apply, plan.Before, 1); n != 0 {
		t.Error("what begins it is hit itself")
	}
	if n := hits(r, &other, plan.Before, 5); n != 2 {
		t.Errorf("%d hits, not 2", n)
	}
}

func TestAMarkBeginsAFault(t *testing.T) {
	r := rules(
		plan.Fault{On: plan.Trigger{Mark: "edited"}, Do: "kill"},
		plan.Fault{On: plan.Trigger{Mark: "edited"}, Affects: &plan.Target{Match: plan.Match{Resource: "services"}}, Do: "close"},
	)
	if n := hits(r, &apply, plan.Before, 2) + len(r.Mark("another")); n != 0 {
		t.Errorf("%d hits before the mark", n)
	}
	if n := len(r.Mark("edited")); n != 2 {
		t.Errorf("the mark begins %d faults", n)
	}
	if n := hits(r, &apply, plan.Before, 3); n != 1 {
		t.Errorf("%d hits after the mark", n)
	}
	if n := len(r.Mark("edited")); n != 0 {
		t.Error("a mark begins a fault twice")
	}
}
