package main

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestEveryObjectIsJSONWithAllThatIdentifiesIt(t *testing.T) {
	f := start(t, small())
	for _, r := range resources {
		all, _, _ := f.store.list(r, filter{}, "", 0)
		for _, i := range all {
			for _, short := range []bool{false, true} {
				var object map[string]any
				if err := json.Unmarshal(i.appendJSON(nil, short), &object); err != nil {
					t.Fatalf("%s %s: %v", r.plural, i.name(), err)
				}
				if at(object, "metadata.name") != i.name() || at(object, "metadata.resourceVersion") != fmt.Sprint(i.version()) || at(object, "metadata.uid") == nil {
					t.Fatalf("%s %s: metadata is %v", r.plural, i.name(), object["metadata"])
				}
				if hasMore := object["spec"] != nil || object["status"] != nil; short && hasMore {
					t.Fatalf("%s %s: metadata only has more than metadata", r.plural, i.name())
				}
			}
		}
	}
}

func TestPodsInEveryStateAreJSONOfRealisticSize(t *testing.T) {
	f := start(t, small())
	for _, base := range f.people.pods {
		for state := pending; state <= succeeded; state++ {
			p := *base
			p.state, p.restarts = state, uint16(state)
			text := p.appendJSON(nil, false)
			if !json.Valid(text) {
				t.Fatalf("%s in state %d is not JSON", p.name(), state)
			}
			if len(text) < 6000 || len(text) > 10000 {
				t.Fatalf("%s has %d bytes", p.name(), len(text))
			}
		}
	}
}

func TestThePopulationIsAsLargeAsAskedFor(t *testing.T) {
	for _, c := range []scenario{small(), {pods: 7, workloads: 7, namespaces: 2}, {pods: 1000, workloads: 60, namespaces: 10, profiled: 100}} {
		f := start(t, c)
		if n := f.store.count(pods); n != c.pods {
			t.Errorf("%d pods, expected %d", n, c.pods)
		}
		if n := f.people.profiledPods(); (c.profiled == 100) != (n == c.pods) {
			t.Errorf("%d of %d pods are profiled at %d %%", n, c.pods, c.profiled)
		}
	}
}

func TestThePathFromAPodToItsWorkload(t *testing.T) {
	f := start(t, small())
	paths := map[string]string{"ReplicaSet": "/apis/apps/v1/namespaces/%s/replicasets/%s", "Job": "/apis/batch/v1/namespaces/%s/jobs/%s"}
	tops := map[string]string{"ReplicaSet": "Deployment", "Job": "CronJob"}
	_, list := f.get("/api/v1/pods")
	seen := map[string]bool{}
	for _, i := range items(list) {
		pod := i.(map[string]any)
		owner := at(pod, "metadata.ownerReferences").([]any)[0].(map[string]any)
		kind := owner["kind"].(string)
		seen[kind] = true
		if paths[kind] == "" {
			continue
		}
		code, object := f.get(fmt.Sprintf(paths[kind], at(pod, "metadata.namespace"), owner["name"]),
			"Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
		if code != 200 || at(object, "metadata.uid") != owner["uid"] || object["kind"] != "PartialObjectMetadata" {
			t.Fatalf("owner %v of %v: %d %v", owner, at(pod, "metadata.name"), code, object)
		}
		top := at(object, "metadata.ownerReferences").([]any)[0].(map[string]any)
		if top["kind"] != tops[kind] || top["controller"] != true {
			t.Fatalf("owner of the owner: %v", top)
		}
	}
	if len(seen) != 4 {
		t.Errorf("kinds of owners: %v", seen)
	}
}

func TestChurnKeepsTheNumberOfPods(t *testing.T) {
	f := start(t, small())
	before := f.store.version()
	if done := f.people.touch(500, false); done != 500 {
		t.Fatalf("%d changes", done)
	}
	if n := f.store.count(pods); n != 200 {
		t.Errorf("%d pods", n)
	}
	if after := f.store.version(); after != before+500 {
		t.Errorf("%d events", after-before)
	}
	if done := f.people.touch(10, true); done != 10 {
		t.Errorf("%d changes of profiled pods", done)
	}
}
