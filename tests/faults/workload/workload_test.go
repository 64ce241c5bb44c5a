package workload

import (
	"encoding/json"
	"testing"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

func TestTheWorkloadsOfTheTreeAreSound(t *testing.T) {
	all, err := LoadAll("../workloads")
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	namespaces := map[string]string{}
	for _, w := range all {
		if !w.Steps[0].Start && w.About == "" {
			t.Errorf("%s: nothing starts the operator, or nothing says what it is about", w.Name)
		}
		for _, n := range w.Namespaces {
			if other := namespaces[n.Name]; other != "" {
				t.Errorf("namespace %s is used by %s and %s: their plans would be indistinguishable", n.Name, other, w.Name)
			}
			namespaces[n.Name] = w.Name
		}
	}
}

func TestWaits(t *testing.T) {
	var o kube.Object
	if err := json.Unmarshal([]byte(`{"metadata":{"generation":2},"spec":{"replicas":1},
		"status":{"conditions":[{"type":"Ready","status":"False","reason":"Conflict","observedGeneration":2}]}}`), &o); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		wait Wait
		want bool
	}{
		{Wait{}, true},
		{Wait{Gone: true}, false},
		{Wait{Path: "spec.replicas", Is: 1.0}, true},
		{Wait{Path: "spec.replicas", Is: 3.0}, false},
		{Wait{Path: "spec.replicas", Not: 3.0}, true},
		{Wait{Condition: "Ready=False"}, true},
		{Wait{Condition: "Ready=False/Conflict"}, true},
		{Wait{Condition: "Ready=False/Progressing"}, false},
		{Wait{Condition: "Ready=True"}, false},
		{Wait{Condition: "Other=True"}, false},
	} {
		if got := holds(o, &row.wait); got != row.want {
			t.Errorf("%+v: %v", row.wait, got)
		}
	}
	o["metadata"] = map[string]any{"generation": 3.0}
	if holds(o, &Wait{Condition: "Ready=False"}) {
		t.Error("a condition of an older generation counts")
	}
}
