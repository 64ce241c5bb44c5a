package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

// StandIns does what a whole cluster's controllers would do for the operator's objects: it collects what
// has lost its owner, and gives each StatefulSet a pod that is ready. It returns when ctx ends.
func (c *ControlPlane) StandIns(ctx context.Context) {
	known := map[string]bool{}
	for round := 0; ctx.Err() == nil; round++ {
		owners, err := c.owners(ctx)
		if err == nil {
			lost := false
			for uid := range known {
				lost = lost || !owners[uid]
			}
			known = owners
			// A collector also finds objects created for an owner that is already deleted.
			if lost || round%5 == 0 {
				c.collect(ctx, owners)
			}
			c.runSets(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var owning = map[string]bool{
	"profilingservers": true, "profilingpolicies": true, "clusterprofilingpolicies": true, "statefulsets": true,
	"deployments": true, "replicasets": true, "jobs": true, "cronjobs": true, "daemonsets": true,
}

func (c *ControlPlane) owners(ctx context.Context) (map[string]bool, error) {
	uids := map[string]bool{}
	for _, r := range c.Resources {
		if !owning[r.Plural] {
			continue
		}
		items, err := c.Admin.Items(ctx, r.Path("", ""))
		if err != nil {
			return nil, err
		}
		for _, o := range items {
			uids[o.Text("metadata", "uid")] = true
		}
	}
	return uids, nil
}

func (c *ControlPlane) collect(ctx context.Context, owners map[string]bool) {
	for _, r := range c.Resources {
		if uncompared[r.Plural] {
			continue
		}
		items, err := c.Admin.Items(ctx, r.Path("", ""))
		if err != nil {
			return
		}
		for _, o := range items {
			references := o.List("metadata", "ownerReferences")
			orphan := len(references) > 0 && !kept(o.Text("metadata", "namespace"))
			for _, reference := range references {
				orphan = orphan && !owners[reference.Text("uid")]
			}
			if !orphan || !c.stillOrphan(ctx, references) {
				continue
			}
			_, _ = c.Admin.Do(ctx, http.MethodDelete, r.Path(o.Text("metadata", "namespace"), o.Text("metadata", "name")), "application/json", map[string]any{
				"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
				"preconditions": map[string]any{"uid": o.Text("metadata", "uid")},
			})
		}
	}
}

// The owner may have been made after the owners were listed.
func (c *ControlPlane) stillOrphan(ctx context.Context, references []kube.Object) bool {
	owners, err := c.owners(ctx)
	for _, reference := range references {
		if err != nil || owners[reference.Text("uid")] {
			return false
		}
	}
	return true
}

func (c *ControlPlane) runSets(ctx context.Context) {
	sets, err := c.Admin.Items(ctx, "/apis/apps/v1/statefulsets")
	if err != nil {
		return
	}
	for _, set := range sets {
		if set.At("metadata", "deletionTimestamp") == nil {
			c.runSet(ctx, set)
		}
	}
}

func (c *ControlPlane) runSet(ctx context.Context, set kube.Object) {
	namespace, name := set.Text("metadata", "namespace"), set.Text("metadata", "name")
	template, _ := set.At("spec", "template").(map[string]any)
	revision := name + "-" + hash(template)
	podPath := "/api/v1/namespaces/" + namespace + "/pods"
	pod, err := c.Admin.Get(ctx, podPath+"/"+name+"-0")
	switch {
	case kube.IsNotFound(err):
		if _, err := c.Admin.Create(ctx, podPath, podOf(set, template, name, revision)); err != nil {
			return
		}
	case err != nil:
		return
	case pod.Text("metadata", "labels", "controller-revision-hash") != revision || !owned(pod, set):
		_ = c.Admin.Delete(ctx, podPath+"/"+name+"-0")
		return
	}
	if pod.Text("status", "phase") != "Running" {
		if _, err := c.Admin.Merge(ctx, podPath+"/"+name+"-0/status", readyStatus(template)); err != nil {
			return
		}
	}
	if set.Text("status", "updateRevision") == revision && set.Number("status", "observedGeneration") == set.Number("metadata", "generation") {
		return
	}
	_, _ = c.Admin.Merge(ctx, "/apis/apps/v1/namespaces/"+namespace+"/statefulsets/"+name+"/status", map[string]any{
		"metadata": map[string]any{"uid": set.Text("metadata", "uid")},
		"status": map[string]any{
			"observedGeneration": set.Number("metadata", "generation"), "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1,
			"availableReplicas": 1, "currentReplicas": 1, "currentRevision": revision, "updateRevision": revision,
		},
	})
}

func podOf(set kube.Object, template map[string]any, name, revision string) map[string]any {
	labels := map[string]any{"controller-revision-hash": revision}
	own, _ := kube.Object(template).At("metadata", "labels").(map[string]any)
	for key, value := range own {
		labels[key] = value
	}
	var spec map[string]any
	text, _ := json.Marshal(template["spec"])
	_ = json.Unmarshal(text, &spec)
	volumes, _ := spec["volumes"].([]any)
	for _, claim := range set.List("spec", "volumeClaimTemplates") {
		volume := claim.Text("metadata", "name")
		volumes = append(volumes, map[string]any{"name": volume, "persistentVolumeClaim": map[string]any{"claimName": volume + "-" + name + "-0"}})
	}
	spec["volumes"] = volumes
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name + "-0", "labels": labels, "ownerReferences": []any{map[string]any{
			"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": set.Text("metadata", "uid"), "controller": true,
		}}},
		"spec": spec,
	}
}

func owned(pod, set kube.Object) bool {
	for _, reference := range pod.List("metadata", "ownerReferences") {
		if reference.Text("uid") == set.Text("metadata", "uid") {
			return true
		}
	}
	return false
}

func readyStatus(template map[string]any) map[string]any {
	var statuses []any
	for _, container := range kube.Object(template).List("spec", "containers") {
		statuses = append(statuses, map[string]any{
			"name": container.Text("name"), "image": container.Text("image"), "imageID": "sha256:1", "ready": true, "started": true,
			"restartCount": 0, "state": map[string]any{"running": map[string]any{"startedAt": "2024-01-01T00:00:00Z"}},
		})
	}
	return map[string]any{"status": map[string]any{
		"phase": "Running", "containerStatuses": statuses,
		"conditions": []any{map[string]any{"type": "Ready", "status": "True", "lastTransitionTime": "2024-01-01T00:00:00Z"}},
	}}
}

func hash(v any) string {
	text, _ := json.Marshal(v)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:5])
}
