package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/world"
)

// Runner carries a workload out against one control plane.
type Runner struct {
	Plane    *world.ControlPlane
	Start    func(ctx context.Context) error // starts the operator
	Mark     func(name string)
	Deletes  func()        // called before something is deleted by hand
	Patience time.Duration // of each wait
}

// Prepare creates the namespaces and the objects that the chart would install.
func (r *Runner) Prepare(ctx context.Context, w *Workload) error {
	for _, n := range append([]Namespace{{Name: "profiling-system"}}, w.Namespaces...) {
		labels := map[string]any{}
		for key, value := range n.Labels {
			labels[key] = value
		}
		if _, err := r.Plane.Admin.Create(ctx, "/api/v1/namespaces", map[string]any{"metadata": map[string]any{"name": n.Name, "labels": labels}}); err != nil {
			return err
		}
		path := "/api/v1/namespaces/" + n.Name + "/serviceaccounts"
		if _, err := r.Plane.Admin.Create(ctx, path, map[string]any{"metadata": map[string]any{"name": "default"}}); err != nil {
			return err
		}
	}
	for _, object := range installed() {
		if err := r.apply(ctx, object, ""); err != nil {
			return err
		}
	}
	return nil
}

// Run does the steps after each other.
func (r *Runner) Run(ctx context.Context, w *Workload) error {
	for i, s := range w.Steps {
		if err := r.step(ctx, s); err != nil {
			return fmt.Errorf("step %d of %s: %w", i+1, w.Name, err)
		}
	}
	return nil
}

func (r *Runner) step(ctx context.Context, s Step) error {
	switch {
	case s.Start:
		return r.Start(ctx)
	case s.Mark != "":
		r.Mark(s.Mark)
		return nil
	case s.Apply != nil:
		for n := range max(1, s.Repeat) {
			if err := r.applyText(ctx, bytes.ReplaceAll(s.Apply, []byte("${n}"), []byte(strconv.Itoa(n+1))), ""); err != nil {
				return err
			}
		}
		return nil
	case s.Status != nil:
		return r.applyText(ctx, s.Status, "/status")
	case s.Patch != nil:
		path, err := r.path(s.Patch.Object)
		if err != nil {
			return err
		}
		body, err := r.fields(ctx, string(s.Patch.Body))
		if err != nil {
			return err
		}
		_, err = r.Plane.Admin.Merge(ctx, path, json.RawMessage(body))
		return err
	case s.Delete != "":
		path, err := r.path(s.Delete)
		if err != nil {
			return err
		}
		r.Deletes()
		return r.Plane.Admin.Delete(ctx, path)
	case s.Wait != nil:
		return r.wait(ctx, s.Wait)
	}
	return fmt.Errorf("a step must do something")
}

// path of "resource namespace/name".
func (r *Runner) path(object string) (string, error) { return r.Plane.Path(object) }

var (
	uidReference   = regexp.MustCompile(`\$\{uid ([a-z]+ [^}]+)\}`) // short for the field metadata.uid
	fieldReference = regexp.MustCompile(`\$\{field ([a-z]+ [^} ]+) ([^} ]+)\}`)
)

// fields replaces ${field resource ns/name a.b.c} by what that object has there, and ${uid resource ns/name} by its uid.
func (r *Runner) fields(ctx context.Context, text string) (string, error) {
	text = uidReference.ReplaceAllString(text, "$${field $1 metadata.uid}")
	var failed error
	replaced := fieldReference.ReplaceAllStringFunc(text, func(found string) string {
		parts := fieldReference.FindStringSubmatch(found)
		path, err := r.path(parts[1])
		if err != nil {
			failed = err
			return found
		}
		o, err := r.Plane.Admin.Get(ctx, path)
		if err != nil {
			failed = err
		}
		value := o.Text(strings.Split(parts[2], ".")...)
		if value == "" && failed == nil {
			failed = fmt.Errorf("%s has no %s", parts[1], parts[2])
		}
		return value
	})
	return replaced, failed
}

func (r *Runner) applyText(ctx context.Context, text []byte, subresource string) error {
	replaced, err := r.fields(ctx, string(text))
	if err != nil {
		return err
	}
	var o kube.Object
	if err := json.Unmarshal([]byte(replaced), &o); err != nil {
		return err
	}
	return r.apply(ctx, o, subresource)
}

func (r *Runner) apply(ctx context.Context, o kube.Object, subresource string) error {
	resource, err := kube.Find(r.Plane.Resources, o.Text("apiVersion"), o.Text("kind"))
	if err != nil {
		return err
	}
	path := resource.Path(o.Text("metadata", "namespace"), o.Text("metadata", "name")) + subresource
	_, err = r.Plane.Admin.Do(ctx, http.MethodPatch, path+"?fieldManager=user&force=true", "application/apply-patch+yaml", o)
	return err
}

func (r *Runner) wait(ctx context.Context, w *Wait) error {
	path, err := r.path(w.Object)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	want, _ := json.Marshal(w)
	return world.Until(ctx, string(want), func() (bool, error) {
		o, err := r.Plane.Admin.Get(ctx, path)
		if kube.IsNotFound(err) {
			return w.Gone, nil
		}
		if err != nil {
			return false, nil //nolint: retried until the deadline
		}
		return holds(o, w), nil
	})
}

func holds(o kube.Object, w *Wait) bool {
	switch {
	case w.Gone:
		return false
	case w.Condition != "":
		return conditionHolds(o, w.Condition)
	case w.Path != "" && w.Not != nil:
		return !reflect.DeepEqual(o.At(strings.Split(w.Path, ".")...), w.Not)
	case w.Path != "":
		return reflect.DeepEqual(o.At(strings.Split(w.Path, ".")...), w.Is)
	}
	return true
}

func conditionHolds(o kube.Object, wanted string) bool {
	kind, value, _ := strings.Cut(wanted, "=")
	status, reason, _ := strings.Cut(value, "/")
	for _, c := range o.List("status", "conditions") {
		if c.Text("type") == kind {
			return c.Text("status") == status && (reason == "" || c.Text("reason") == reason) &&
				c.Number("observedGeneration") == o.Number("metadata", "generation")
		}
	}
	return false
}

// installed holds the objects that the chart creates before the operator runs, as far as it reads them. The
// webhook is for no namespace: nothing serves it here.
func installed() []kube.Object {
	labels := map[string]any{"app": "operator"}
	nowhere := map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": "nowhere"}}
	return []kube.Object{
		{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"name": "profiling-operator-controller", "namespace": "profiling-system"},
			"spec": map[string]any{"replicas": 1, "selector": map[string]any{"matchLabels": labels}, "template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "operator", "image": "registry.example/operator:1"}}},
			}}},
		{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
			"metadata": map[string]any{"name": "profiling-operator"},
			"webhooks": []any{map[string]any{
				"name": "pods.profiling.dev", "admissionReviewVersions": []any{"v1"}, "sideEffects": "None", "failurePolicy": "Ignore",
				"clientConfig":      map[string]any{"service": map[string]any{"name": "profiling-operator-webhook", "namespace": "profiling-system"}},
				"namespaceSelector": nowhere,
				"rules": []any{map[string]any{
					"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"},
				}},
			}}},
	}
}
