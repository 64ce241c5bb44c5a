package main

import (
	"fmt"
	"testing"
	"time"
)

func TestListsInPages(t *testing.T) {
	f := start(t, small())
	seen, token, pages := map[string]bool{}, "", 0
	for {
		code, list := f.get("/api/v1/pods?limit=70&continue=" + token)
		if code != 200 || list["kind"] != "PodList" {
			t.Fatalf("%d %v", code, list)
		}
		for _, i := range items(list) {
			seen[fmt.Sprint(at(i.(map[string]any), "metadata.uid"))] = true
		}
		pages++
		next, more := at(list, "metadata.continue").(string)
		if !more {
			break
		}
		token = next
	}
	if len(seen) != 200 || pages != 3 {
		t.Errorf("%d pods in %d pages", len(seen), pages)
	}
}

func TestSelectorsAndNamespaces(t *testing.T) {
	f := start(t, small())
	profiled := f.people.profiledPods()
	for query, expected := range map[string]int{
		"pods?labelSelector=profiling.dev/profiled":                                profiled,
		"pods?labelSelector=!profiling.dev/profiled":                               200 - profiled,
		"pods?labelSelector=app.kubernetes.io/part-of%3Dshop":                      200,
		"pods?labelSelector=app.kubernetes.io/part-of%3Dother":                     0,
		"pods?fieldSelector=status.phase!%3DSucceeded":                             200,
		"pods?fieldSelector=status.phase%3DPending":                                0,
		"namespaces?fieldSelector=metadata.name%3Dteam-001":                        1,
		"namespaces?labelSelector=kubernetes.io/metadata.name%3D%3Dteam-002":       1,
		"namespaces?limit=500":                                                     8,
		"pods?labelSelector=team%3Dteam-000,profiling.dev/profiled!%3D7c9d5b8f6d0": -1,
	} {
		code, list := f.get("/api/v1/" + query)
		if code != 200 || expected >= 0 && len(items(list)) != expected {
			t.Errorf("%s: %d, %d items, expected %d", query, code, len(items(list)), expected)
		}
	}
	_, all := f.get("/api/v1/namespaces/team-001/pods")
	for _, i := range items(all) {
		if at(i.(map[string]any), "metadata.namespace") != "team-001" {
			t.Fatal("a pod of another namespace")
		}
	}
	for _, bad := range []string{"pods?fieldSelector=status.phase", "pods?labelSelector=a%20in%20(b)"} {
		if code, _ := f.get("/api/v1/" + bad); code != 400 {
			t.Errorf("%s: %d", bad, code)
		}
	}
}

func TestStreamingListEndsWithItsBookmarkAndGoesOn(t *testing.T) {
	f := start(t, small())
	s := f.open("/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=60")
	for range 200 {
		s.expect("ADDED", "")
	}
	bookmark := s.expect("BOOKMARK", "")
	if at(bookmark, "metadata.annotations").(map[string]any)["k8s.io/initial-events-end"] != "true" {
		t.Fatalf("%v", bookmark)
	}
	f.people.modify(0, func(p *pod) { p.state = unready })
	s.expect("MODIFIED", f.people.pods[0].name())
}

func TestAWatchSeesWhatItsSelectorSees(t *testing.T) {
	f := start(t, small())
	_, list := f.get("/api/v1/namespaces?limit=1")
	s := f.open("/api/v1/namespaces?watch=true&labelSelector=tier%3Dgold&timeoutSeconds=60&resourceVersion=" + at(list, "metadata.resourceVersion").(string))
	label := func(value string) {
		f.do("PATCH", "/api/v1/namespaces/team-000", "application/merge-patch+json", `{"metadata":{"labels":{"tier":`+value+`}}}`)
	}
	label(`"silver"`)
	label(`"gold"`)
	s.expect("ADDED", "team-000")
	f.do("PATCH", "/api/v1/namespaces/team-000", "application/merge-patch+json", `{"metadata":{"labels":{"more":"x"}}}`)
	s.expect("MODIFIED", "team-000")
	label("null")
	s.expect("DELETED", "team-000")
}

func TestBookmarksAndTheEndOfAWatch(t *testing.T) {
	f := start(t, small())
	f.server.bookmarks = 20 * time.Millisecond
	s := f.open("/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=" + fmt.Sprint(f.store.version()))
	f.people.object("", "configmaps", "team-000", "x", nil)
	bookmark := s.expect("BOOKMARK", "")
	if at(bookmark, "metadata.resourceVersion") == nil {
		t.Fatalf("%v", bookmark)
	}
	for kind, _ := s.next(); kind != ""; kind, _ = s.next() {
	}
}

func TestFaults(t *testing.T) {
	f := start(t, small())
	watch := func() *stream {
		s := f.open("/api/v1/pods?watch=true&timeoutSeconds=60&resourceVersion=" + fmt.Sprint(f.store.version()))
		for f.counters.view().Watches["pods"] == 0 {
			time.Sleep(time.Millisecond)
		}
		return s
	}
	s := watch()
	f.faults.strike(faultGone)
	if object := s.expect("ERROR", ""); object["code"] != float64(410) {
		t.Errorf("%v", object)
	}
	if kind, _ := s.next(); kind != "" {
		t.Errorf("%s after the end", kind)
	}

	s = watch()
	f.faults.strike(faultSilent)
	f.people.touch(10, false)
	got := make(chan string, 1)
	go func() { kind, _ := s.next(); got <- kind }()
	select {
	case kind := <-got:
		t.Errorf("a silent watch sent %q", kind)
	case <-time.After(100 * time.Millisecond):
	}
	s.body.Close()

	f.store.expire()
	if code, object := f.get("/api/v1/pods?watch=true&resourceVersion=1005"); code != 410 || object["reason"] != "Expired" {
		t.Errorf("%d %v", code, object)
	}
	f.faults.set(0, true)
	if code, _ := f.get("/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"); code != 422 {
		t.Errorf("a streaming list that is refused: %d", code)
	}
}
