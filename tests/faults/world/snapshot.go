package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

// Snapshot is the state that a run leaves, in a form in which two runs can be compared: an object's key
// is "resource namespace/name", uids are named after whose they are, and what Secrets hold is hashed.
type Snapshot map[string]kube.Object

// uncompared resources: the Lease has its own oracles, and events may be lost by design.
var uncompared = map[string]bool{"leases": true, "events": true, "endpointslices": true}

// Snapshot reads all objects that are not the cluster's own.
func (c *ControlPlane) Snapshot(ctx context.Context) (Snapshot, error) {
	all, owners := Snapshot{}, map[string]string{}
	for _, r := range c.Resources {
		if uncompared[r.Plural] {
			continue
		}
		items, err := c.Admin.Items(ctx, r.Path("", ""))
		if err != nil {
			return nil, err
		}
		for _, o := range items {
			if r.Namespaced && kept(o.Text("metadata", "namespace")) {
				continue
			}
			key := Key(r.Plural, o.Text("metadata", "namespace"), o.Text("metadata", "name"))
			owners[o.Text("metadata", "uid")] = key
			all[key] = o
		}
	}
	for _, o := range all {
		normalise(o, owners)
	}
	return all, nil
}

// Key of an object in a snapshot.
func Key(resource, namespace, name string) string { return resource + " " + namespace + "/" + name }

func normalise(o kube.Object, owners map[string]string) {
	meta, _ := o["metadata"].(map[string]any)
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "selfLink"} {
		delete(meta, field)
	}
	if o.At("metadata", "managedFields") != nil {
		meta["managedFields"] = managers(o.List("metadata", "managedFields"))
	}
	for _, key := range []string{"data", "stringData"} {
		if data, ok := o[key].(map[string]any); ok && isSecret(o) {
			for name, value := range data {
				sum := sha256.Sum256(fmt.Append(nil, value))
				data[name] = "sha256:" + hex.EncodeToString(sum[:8])
			}
		}
	}
	replaceUIDs(map[string]any(o), owners)
}

func isSecret(o kube.Object) bool {
	_, secret := o["type"].(string) // items of a list have no kind
	return secret
}

// managers: the writers and their operations; fields and times add nothing and differ.
func managers(entries []kube.Object) []any {
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.Text("manager")+" "+e.Text("operation")+" "+e.Text("subresource")] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// replaceUIDs names uids after their objects, everywhere; an owner's uid without an object is reported.
func replaceUIDs(v any, owners map[string]string) any {
	switch x := v.(type) {
	case map[string]any:
		for key, value := range x {
			x[key] = replaceUIDs(value, owners)
			if _, known := owners[fmt.Sprint(value)]; key == "uid" && !known {
				x[key] = "uid of nothing that exists"
			}
		}
	case []any:
		for i, value := range x {
			x[i] = replaceUIDs(value, owners)
		}
	case string:
		if owner, known := owners[x]; known {
			return "uid of " + owner
		}
	}
	return v
}
