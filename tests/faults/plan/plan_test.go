package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileReproducesItsPlan(t *testing.T) {
	p := &Plan{Name: "n", Workload: "w", Class: Legal, Faults: []Fault{{
		On: Trigger{Match: Match{Verb: "apply", Object: "ns/x"}, Nth: 2, Phase: After}, Affects: &Target{Match: Match{Resource: "leases"}},
		Do: "hang", Seconds: 1.5,
	}}}
	path, err := p.Save(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if f := again.Faults[0]; f.On.Verb != "apply" || f.On.Nth != 2 || f.Affects.Resource != "leases" || f.Seconds != 1.5 {
		t.Errorf("%+v", f)
	}
}

func TestAWrongPlanIsRefusedByName(t *testing.T) {
	for text, part := range map[string]string{
		`{"name":"n","workload":"w","class":"odd"}`:                                                          "class",
		`{"name":"n","workload":"w","class":"legal","colour":1}`:                                             "colour",
		`{"name":"n","workload":"w","class":"legal","faults":[{"on":{},"do":"explode"}]}`:                    "explode",
		`{"name":"n","workload":"w","class":"legal","faults":[{"on":{"phase":"mid"},"do":"kill"}]}`:          "faults[0].on.phase",
		`{"name":"n","workload":"w","class":"legal","faults":[{"on":{"phase":"before"},"do":"end-stream"}]}`: "faults[0].on.phase",
	} {
		path := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestThePlansOfTheTreeAreSound(t *testing.T) {
	plans, err := LoadAll("../plans")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if _, err := os.Stat("../workloads/" + p.Workload + ".json"); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if p.About == "" || p.Experiment == "" {
			t.Errorf("%s does not say what it is about", p.Name)
		}
	}
}
