package reader

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	prometheus "github.com/prometheus/prometheus/model/relabel"
)

// A container as Alloy discovers it, by its differences from an ordinary one: see meta().
type container map[string]string

// "annotation resource.opentelemetry.io/service.name" → "__meta_kubernetes_pod_annotation_resource_…"
func meta(what string) string {
	kind, key, _ := strings.Cut(what, " ")
	prefix := map[string]string{
		"annotation": "pod_annotation_", "label": "pod_label_", "has-label": "pod_labelpresent_",
		"namespace-annotation": "namespace_annotation_", "namespace-has-label": "namespace_labelpresent_",
	}[kind]
	if key == "" {
		return "__meta_kubernetes_" + kind
	}
	return "__meta_kubernetes_" + prefix + regexp.MustCompile("[^a-zA-Z0-9_]").ReplaceAllString(key, "_")
}

// A pod of Deployment web that opted in.
func ordinary() container {
	return container{
		"namespace": "shop", "pod_name": "web-7d4b9c6f5d-x2x4z", "pod_node_name": node, "pod_phase": "Running",
		"pod_container_name": "app", "pod_container_id": "containerd://1", "pod_controller_kind": "ReplicaSet",
		"pod_controller_name": "web-7d4b9c6f5d", "label pod-template-hash": "7d4b9c6f5d",
		"annotation profiling.dev/inject": "true",
	}
}

func process(t *testing.T, c config, of container) map[string]string {
	t.Helper()
	found := map[string]string{}
	for what, value := range of {
		if value != "" {
			found[meta(what)] = value
		}
	}
	rules := []*prometheus.Config{}
	for _, r := range c.Relabel.Rules {
		made := prometheus.DefaultRelabelConfig
		made.NameValidationScheme = model.LegacyValidation
		made.Regex = prometheus.MustNewRegexp(r.Regex)
		for _, label := range r.SourceLabels {
			made.SourceLabels = append(made.SourceLabels, model.LabelName(label))
		}
		if r.Action != "" {
			made.Action = prometheus.Action(r.Action)
		}
		if r.Separator != nil {
			made.Separator = *r.Separator
		}
		if r.TargetLabel != "" {
			made.TargetLabel, made.Replacement = r.TargetLabel, r.Replacement
		}
		if err := made.Validate(model.LegacyValidation); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		rules = append(rules, &made)
	}
	kept, ok := prometheus.Process(labels.FromMap(found), rules...)
	if !ok {
		return nil
	}
	out := map[string]string{}
	kept.Range(func(l labels.Label) {
		if !strings.HasPrefix(l.Name, "__") { // those never reach a profile
			out[l.Name] = l.Value
		}
	})
	return out
}

func with(changes container) container {
	c := ordinary()
	maps.Copy(c, changes)
	return c
}

func TestWhichContainersAreProfiled(t *testing.T) {
	for _, row := range []struct {
		what             string
		changes          container
		annotated, every bool // with optIn Annotated in all namespaces; with optIn All where namespaces are named
	}{
		{"one that asked", nil, true, true},
		{"one that asked for a language", container{"annotation profiling.dev/inject": "java"}, true, true},
		{"one that said nothing", container{"annotation profiling.dev/inject": ""}, false, true},
		{"one that opted out", container{"annotation profiling.dev/inject": "false"}, false, false},
		{"one whose namespace asked", container{"annotation profiling.dev/inject": "",
			"namespace-annotation profiling.dev/inject": "true"}, true, true},
		{"one whose namespace opted out", container{"namespace-annotation profiling.dev/inject": "false"}, false, false},
		{"one of a namespace that is not to be touched", container{"namespace-has-label profiling.dev/exclude": "true"}, false, false},
		{"one that carries an agent", container{"has-label profiling.dev/profiled": "true"}, false, false},
		{"one that has not started", container{"pod_container_id": ""}, false, false},
		{"one of a pod that waits", container{"pod_phase": "Pending"}, false, false},
		{"one of a pod that has ended", container{"pod_phase": "Succeeded"}, false, false},
		// Where namespaces are named, discovery shows no others.
		{"one of the system", container{"namespace": "kube-system"}, false, true},
		{"one of the operator", container{"namespace": "profiling-system"}, false, true},
		{"one of a namespace that begins like an excluded one", container{"namespace": "kube-system-2"}, true, true},
	} {
		for name, expected := range map[string]bool{"defaults": row.annotated, "everything": row.every} {
			if got := process(t, read(t, name), with(row.changes)) != nil; got != expected {
				t.Errorf("%s: %s: profiled %v, expected %v", name, row.what, got, expected)
			}
		}
	}
}

func TestTagsAreThoseOfInjectedAgents(t *testing.T) {
	c := read(t, "defaults")
	got := process(t, c, with(container{"label app.kubernetes.io/version": "1.4.2"}))
	expected := map[string]string{
		"namespace": "shop", "pod": "web-7d4b9c6f5d-x2x4z", "container": "app", "node": node, "workload": "web",
		"template_hash": "7d4b9c6f5d", "version": "1.4.2", "service_name": "web",
	}
	if !maps.Equal(got, expected) {
		t.Errorf("%v instead of %v", got, expected)
	}
	for _, row := range []struct {
		workload string
		changes  container
	}{
		{"web", container{"label pod-template-hash": "", "label rollouts-pod-template-hash": "7d4b9c6f5d"}},
		{"web-7d4b9c6f5d", container{"label pod-template-hash": ""}}, // a ReplicaSet without an owner
		{"db", container{"pod_controller_kind": "StatefulSet", "pod_controller_name": "db"}},
		{"node-agent", container{"pod_controller_kind": "DaemonSet", "pod_controller_name": "node-agent"}},
		{"nightly", container{"pod_controller_kind": "Job", "pod_controller_name": "nightly-29123456"}},
		{"once-2024", container{"pod_controller_kind": "Job", "pod_controller_name": "once-2024"}},
		{"alone", container{"pod_controller_kind": "", "pod_controller_name": "", "pod_name": "alone"}},
	} {
		if got := process(t, c, with(row.changes))["workload"]; got != row.workload {
			t.Errorf("%v: workload %q instead of %q", row.changes, got, row.workload)
		}
	}
	hash := process(t, c, with(container{"label pod-template-hash": "", "label controller-revision-hash": "db-5f"}))
	if hash["template_hash"] != "db-5f" {
		t.Errorf("template_hash %q", hash["template_hash"])
	}
}

func TestServiceNamesClimbTheLadder(t *testing.T) {
	c := read(t, "defaults")
	steps := []string{"label app.kubernetes.io/name", "label app.kubernetes.io/instance",
		"annotation resource.opentelemetry.io/service.name", "annotation profiles.grafana.com/service_name",
		"annotation profiling.dev/service-name"}
	of := ordinary()
	for i, step := range steps {
		of[step] = string(rune('a' + i))
		if got := process(t, c, of)["service_name"]; got != of[step] {
			t.Errorf("%s: %q", step, got)
		}
	}
	for given, expected := range map[string]string{
		" checkout ":             "checkout",
		" \t ":                   "web",
		"My shop (EU), checkout": "My_shop__EU___checkout",
		"a\nb":                   "a_b",
		"team/checkout.v2_x-y":   "team/checkout.v2_x-y",
		strings.Repeat("n", 300): strings.Repeat("n", 128),
	} {
		if got := process(t, c, with(container{steps[4]: given}))["service_name"]; got != expected {
			t.Errorf("%q became %q instead of %q", given, got, expected)
		}
	}
}

func TestNamesAreMatchedLiterally(t *testing.T) {
	c := read(t, "hostile")
	for namespace, profiled := range map[string]bool{
		"a.b|c": false, "(\"": false, "\\E\n": false, "own+$[]": false, "aXb": true, "c": true, "ownn": true, "shop": true,
	} {
		if got := process(t, c, with(container{"namespace": namespace})) != nil; got != profiled {
			t.Errorf("%q: profiled %v", namespace, got)
		}
	}
}
