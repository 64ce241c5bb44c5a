package main

import (
	"fmt"
	"strings"
	"testing"
)

const maps_ = "/api/v1/namespaces/team-000/configmaps"

func TestCreateReadAndDelete(t *testing.T) {
	f := start(t, small())
	code, made := f.do("POST", maps_, "application/json", `{"metadata":{"name":"a"},"data":{"n":"1"}}`)
	if code != 201 || made["kind"] != "ConfigMap" || at(made, "metadata.namespace") != "team-000" {
		t.Fatalf("%d %v", code, made)
	}
	if code, answer := f.do("POST", maps_, "application/json", `{"metadata":{"name":"a"}}`); code != 409 || answer["reason"] != "AlreadyExists" {
		t.Errorf("%d %v", code, answer)
	}
	if code, object := f.do("POST", maps_, "application/json", `{"metadata":{"generateName":"b-"}}`); code != 201 || !strings.HasPrefix(at(object, "metadata.name").(string), "b-") {
		t.Errorf("%d %v", code, object)
	}
	if code, answer := f.do("DELETE", maps_+"/a", "application/json", `{"preconditions":{"uid":"other"}}`); code != 409 || answer["reason"] != "Conflict" {
		t.Errorf("%d %v", code, answer)
	}
	precondition := fmt.Sprintf(`{"preconditions":{"uid":"%s","resourceVersion":"%s"}}`, at(made, "metadata.uid"), at(made, "metadata.resourceVersion"))
	if code, _ := f.do("DELETE", maps_+"/a", "application/json", precondition); code != 200 {
		t.Errorf("%d", code)
	}
	if code, answer := f.get(maps_ + "/a"); code != 404 || answer["reason"] != "NotFound" {
		t.Errorf("%d %v", code, answer)
	}
	if code, _ := f.get("/apis/unknown.example/v1/things"); code != 404 {
		t.Errorf("%d", code)
	}
}

func TestPatches(t *testing.T) {
	f := start(t, small())
	const path = "/apis/profiling.dev/v1alpha1/namespaces/team-000/profilingpolicies/shop"
	_, before := f.get(path)
	patch := func(subresource, body string) (int, map[string]any) {
		return f.do("PATCH", path+subresource, "application/merge-patch+json", body)
	}
	code, after := patch("/status", `{"metadata":{"uid":"`+at(before, "metadata.uid").(string)+`"},"spec":{"priority":9},"status":{"phase":"Active","profiledPods":3}}`)
	if code != 200 || at(after, "status.phase") != "Active" || at(after, "spec.priority") != nil || at(after, "metadata.generation") != float64(1) {
		t.Fatalf("%d %v", code, after)
	}
	if _, again := patch("/status", `{"status":{"profiledPods":3}}`); at(again, "metadata.resourceVersion") != at(after, "metadata.resourceVersion") {
		t.Error("a patch that changes nothing makes a version")
	}
	_, spec := patch("", `{"spec":{"priority":9},"status":{"phase":"Broken"}}`)
	if at(spec, "status.phase") != "Active" || at(spec, "spec.priority") != float64(9) || at(spec, "metadata.generation") != float64(2) {
		t.Errorf("%v", spec)
	}
	if code, _ := patch("", `{"metadata":{"resourceVersion":"1"}}`); code != 409 {
		t.Errorf("an old version is accepted: %d", code)
	}
}

func TestApplyCreatesAndChanges(t *testing.T) {
	f := start(t, small())
	apply := func(data string) (int, map[string]any) {
		return f.do("PATCH", maps_+"/a?fieldManager=x&force=true", "application/apply-patch+yaml",
			`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"team-000"},"data":`+data+`}`)
	}
	code, first := apply(`{"a":"1"}`)
	again, second := apply(`{"a":"1"}`)
	third, last := apply(`{"b":"2"}`)
	if code != 201 || again != 200 || third != 200 {
		t.Errorf("%d %d %d", code, again, third)
	}
	if at(first, "metadata.resourceVersion") != at(second, "metadata.resourceVersion") || at(last, "data.b") != "2" {
		t.Errorf("%v\n%v\n%v", first, second, last)
	}
}

func TestEvictionAndWritesToPodsOfThePopulation(t *testing.T) {
	f := start(t, small())
	p := f.people.pods[0]
	path := "/api/v1/namespaces/" + p.namespace() + "/pods/" + p.name()
	if code, object := f.do("PATCH", path, "application/merge-patch+json", `{"metadata":{"annotations":{"a":"b"}}}`); code != 200 || at(object, "spec.containers") == nil {
		t.Fatalf("%d %v", code, object)
	}
	if f.people.modify(0, func(*pod) {}) != 0 {
		t.Error("the population overwrites what a client wrote")
	}
	if code, _ := f.do("POST", path+"/eviction", "application/json", `{"kind":"Eviction"}`); code >= 300 {
		t.Errorf("%d", code)
	}
	if code, _ := f.get(path); code != 404 {
		t.Errorf("%d", code)
	}
}

func TestCountersCountVerbsAndBytes(t *testing.T) {
	f := start(t, small())
	f.get("/api/v1/pods?limit=3")
	f.get("/api/v1/pods?limit=3")
	f.get(maps_ + "/none")
	v := f.counters.view()
	if v.Requests["list pods"] != 2 || v.Bytes["list pods"] < 30_000 || v.Refused["get configmaps"] != 1 {
		t.Errorf("%+v", v)
	}
}
