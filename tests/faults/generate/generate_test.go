package generate

import (
	"encoding/json"
	"strings"
	"testing"

	"profiling.dev/profiling-operator/tests/faults/judge"
	"profiling.dev/profiling-operator/tests/faults/plan"
	"profiling.dev/profiling-operator/tests/faults/proxy"
)

func write(verb, resource, namespace, name string, nth int) judge.Write {
	return judge.Write{Exchange: proxy.Exchange{Verb: verb, Resource: resource, Namespace: namespace, Name: name}, Nth: nth}
}

func reference(name string, writes ...judge.Write) *judge.Reference {
	return &judge.Reference{Workload: name, Order: writes, Reads: []proxy.Exchange{
		{Verb: "get", Resource: "secrets", Namespace: "profiling-system", Name: "tls"},
		{Verb: "watchlist", Resource: "namespaces"}, {Verb: "watch", Resource: "namespaces"},
	}}
}

func all(t *testing.T, references ...*judge.Reference) []*plan.Plan {
	t.Helper()
	plans, err := All(references)
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

func find(plans []*plan.Plan, name string) *plan.Plan {
	for _, p := range plans {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func TestEveryWriteIsKilledAtEachMoment(t *testing.T) {
	plans := all(t, reference("w", write("apply", "services", "ns", "s", 1), write("apply", "services", "ns", "s", 2)))
	for _, name := range []string{"w-apply-services-s", "w-apply-services-s-2"} {
		for _, moment := range []string{"before", "after", "behind"} {
			if find(plans, name+"-killed-"+moment) == nil {
				t.Errorf("no plan %s-killed-%s", name, moment)
			}
		}
	}
	p := find(plans, "w-apply-services-s-2-killed-after")
	if on := p.Faults[0].On; on.Nth != 2 || on.Phase != plan.After || on.Object != "ns/s" || on.Subresource != "-" {
		t.Errorf("trigger: %+v", on)
	}
}

func TestWhatWouldRepeatAnotherIsLeftOut(t *testing.T) {
	shared := write("create", "secrets", "profiling-system", "tls", 1)
	plans := all(t, reference("a", shared, write("apply", "services", "x", "s", 1)), reference("b", shared, write("apply", "services", "y", "s", 1)))
	count := map[string]int{}
	for _, p := range plans {
		for _, fault := range []string{"-conflicts", "-term"} {
			if strings.HasSuffix(p.Name, "services-s"+fault) {
				count[fault]++
			}
		}
		if strings.HasPrefix(p.Name, "b-create-secrets") {
			t.Errorf("the shared object is tried again: %s", p.Name)
		}
	}
	if count["-conflicts"] != 1 || count["-term"] != 2 {
		t.Errorf("once for each class, and for each class and workload: %v", count)
	}
}

func TestFaultsFitTheirWrites(t *testing.T) {
	plans := all(t, reference("w", write("apply", "services", "ns", "s", 1)))
	if find(plans, "w-apply-services-s-already-exists") != nil || find(plans, "w-apply-services-s-not-found") != nil {
		t.Error("an apply neither finds its object there nor misses it")
	}
}

func TestPlansAreTheSameEachTime(t *testing.T) {
	ref := reference("w", write("create", "secrets", "ns", "s", 1), write("patch", "secrets", "ns", "s", 1))
	first, _ := json.Marshal(all(t, ref))
	second, _ := json.Marshal(all(t, ref))
	if string(first) != string(second) {
		t.Error("the same reference gives other plans")
	}
}

func TestTheSmokeRunHasEachOfItsFaultsOnce(t *testing.T) {
	some := Smoke(all(t, reference("w", write("create", "secrets", "ns", "s", 1), write("apply", "services", "ns", "s", 1))))
	for _, fault := range smokeWrites {
		n := 0
		for _, p := range some {
			if strings.HasSuffix(p.Name, "-"+fault) && strings.HasPrefix(p.Name, "w-") && !strings.Contains(p.Name, "-get-") && !strings.Contains(p.Name, "watch") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %d plans", fault, n)
		}
	}
}
