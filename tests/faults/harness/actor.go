package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/proxy"
)

// Signal acts on a replica, for the proxy.
func (e *Execution) Signal(client, signal string, length time.Duration) {
	for _, o := range e.operators() {
		if o.Client == client {
			o.Signal(signal, length)
		}
	}
}

func (e *Execution) tokenFile() string { return filepath.Join(e.folder, "token") }

func (e *Execution) newToken() error {
	token, err := e.plane.Token(e.ctx)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	e.mutex.Lock()
	e.result.Canaries[fmt.Sprintf("token %d", len(e.result.Canaries))] = token
	e.mutex.Unlock()
	temporary := e.tokenFile() + ".new"
	if err := os.WriteFile(temporary, []byte(token), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, e.tokenFile())
}

// Rotate replaces the token's file a moment after the old token was refused, as kubelet may.
func (e *Execution) Rotate() {
	time.AfterFunc(500*time.Millisecond, func() {
		if err := e.newToken(); err != nil {
			e.trace.Note("mark", "", "no new token: "+err.Error())
		}
	})
}

// How long a foreign object is in the way.
const foreignStays = 3 * time.Second

// Foreign creates an object, and removes it after a while if it is untouched.
func (e *Execution) Foreign(text []byte) {
	var o kube.Object
	if err := json.Unmarshal(text, &o); err != nil {
		e.trace.Note("mark", "", "foreign object: "+err.Error())
		return
	}
	resource, err := kube.Find(e.plane.Resources, o.Text("apiVersion"), o.Text("kind"))
	if err != nil {
		e.trace.Note("mark", "", "foreign object: "+err.Error())
		return
	}
	namespace, name := o.Text("metadata", "namespace"), o.Text("metadata", "name")
	made, err := e.plane.Admin.Create(e.ctx, resource.Path(namespace, ""), o)
	if err != nil {
		e.trace.Note("mark", "", "foreign object: "+err.Error())
		return
	}
	path := resource.Path(namespace, name)
	time.AfterFunc(foreignStays, func() {
		now, err := e.plane.Admin.Get(e.ctx, path)
		if err != nil || now.Text("metadata", "uid") != made.Text("metadata", "uid") || touchedByOperator(now) {
			e.mutex.Lock()
			e.result.ForeignTouched = append(e.result.ForeignTouched, fmt.Sprintf("%s %s/%s (%v)", resource.Plural, namespace, name, err))
			e.mutex.Unlock()
		}
		_ = e.plane.Admin.Delete(e.ctx, path)
	})
}

// touchedByOperator goes by field managers: others, such as our own stand-ins, may write to an object.
func touchedByOperator(o kube.Object) bool {
	for _, entry := range o.List("metadata", "managedFields") {
		if strings.HasPrefix(entry.Text("manager"), "profiling-operator") {
			return true
		}
	}
	return false
}

// Vanish deletes the object that a request is about.
func (e *Execution) Vanish(ex *proxy.Exchange) {
	path, err := e.plane.Path(ex.Resource + " " + ex.Object())
	if err == nil {
		err = e.plane.Admin.Delete(e.ctx, path)
	}
	if err != nil {
		e.trace.Note("mark", "", "vanish: "+err.Error())
	}
}

// nudge touches an object after the faults: where an error is final until the object changes.
func (e *Execution) nudge(ctx context.Context) {
	if e.plan.Nudge == "" {
		return
	}
	for {
		changed := e.rules.Changed()
		if all, _, over, _ := e.rules.State(); over == all {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
	if pause(ctx, time.Second) != nil {
		return
	}
	path, err := e.plane.Path(strings.Replace(e.plan.Nudge, ":", " ", 1))
	for _, value := range []any{"1", nil} {
		if err == nil {
			_, err = e.plane.Admin.Merge(ctx, path, map[string]any{"metadata": map[string]any{"annotations": map[string]any{"faults/nudge": value}}})
		}
	}
	if err != nil {
		e.trace.Note("mark", "", "nudge: "+err.Error())
	}
}

const unknowable = 2 * time.Second

// Wrote verifies a status that becomes Ready at that moment (O10).
func (e *Execution) Wrote(r *proxy.Record) {
	if r.Resource != "profilingservers" || !says(r, "Ready", "True") {
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
	defer cancel()
	server, err := e.plane.Admin.Get(ctx, "/apis/profiling.dev/v1alpha1/namespaces/"+r.Namespace+"/profilingservers/"+r.Name)
	if err != nil {
		return // it was deleted meanwhile
	}
	for _, object := range []string{"configmaps %s/%s-config", "services %s/%s", "services %s/%s-headless", "statefulsets %s/%s"} {
		name := fmt.Sprintf(object, r.Namespace, r.Name)
		path, err := e.plane.Path(name)
		if err != nil {
			continue
		}
		o, err := e.plane.Admin.Get(ctx, path)
		if err == nil && controller(o) == server.Text("metadata", "uid") {
			continue
		}
		// The operator cannot know yet of an object that a user deletes at this moment.
		if time.Since(time.Unix(0, e.deleted.Load())) < unknowable {
			return
		}
		e.mutex.Lock()
		e.result.Dishonest = append(e.result.Dishonest, fmt.Sprintf("%s said Ready without %s (%v)", r.Object(), name, err))
		e.mutex.Unlock()
	}
}

func says(r *proxy.Record, kind, status string) bool {
	for _, c := range r.Conditions {
		if c.Type == kind && c.Status == status {
			return true
		}
	}
	return false
}

func controller(o kube.Object) string {
	for _, reference := range o.List("metadata", "ownerReferences") {
		if is, _ := reference.At("controller").(bool); is {
			return reference.Text("uid")
		}
	}
	return ""
}
