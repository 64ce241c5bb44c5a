package world

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

// kept are the namespaces of the cluster itself.
func kept(namespace string) bool {
	return namespace == "default" || namespace == harnessNamespace || strings.HasPrefix(namespace, "kube-")
}

// Reset removes every object of the last run with its namespaces, and fails when something is left. There
// is no namespace controller, so it does that one's work.
func (c *ControlPlane) Reset(ctx context.Context) error {
	end := time.Now().Add(30 * time.Second)
	for {
		left, err := c.sweep(ctx)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("not clean after 30 s: %s", strings.Join(left, ", "))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sweep deletes what it finds and returns its names; nothing found means that all is clean.
func (c *ControlPlane) sweep(ctx context.Context) ([]string, error) {
	var found []string
	for _, r := range c.Resources {
		items, err := c.Admin.Items(ctx, r.Path("", ""))
		if err != nil {
			return nil, err
		}
		for _, o := range items {
			namespace, name := o.Text("metadata", "namespace"), o.Text("metadata", "name")
			if r.Namespaced && kept(namespace) {
				continue
			}
			found = append(found, r.Plural+" "+namespace+"/"+name)
			path := r.Path(namespace, name)
			if o.At("metadata", "finalizers") != nil {
				if _, err := c.Admin.Merge(ctx, path, map[string]any{"metadata": map[string]any{"finalizers": nil}}); err != nil && !kube.IsNotFound(err) {
					return nil, err
				}
			}
			if err := c.Admin.Delete(ctx, path); err != nil {
				return nil, err
			}
		}
	}
	namespaces, err := c.Admin.Items(ctx, "/api/v1/namespaces")
	if err != nil {
		return nil, err
	}
	for _, n := range namespaces {
		name := n.Text("metadata", "name")
		if kept(name) {
			continue
		}
		found = append(found, "namespace "+name)
		path := "/api/v1/namespaces/" + name
		if err := c.Admin.Delete(ctx, path); err != nil && !kube.IsConflict(err) {
			return nil, err
		}
		if _, err := c.Admin.Do(ctx, http.MethodPut, path+"/finalize", "application/json", map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}, "spec": map[string]any{"finalizers": []any{}},
		}); err != nil && !kube.IsNotFound(err) && !kube.IsConflict(err) {
			return nil, err
		}
	}
	return found, nil
}
