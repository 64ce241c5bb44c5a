package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
)

// item is one version of one object. It never changes, so lists, watches and the history share it
// without a lock; a change makes a new item.
type item interface {
	namespace() string
	name() string
	version() uint64
	// label returns a label's value and whether the object has it.
	label(key string) (string, bool)
	// field returns the value at a dotted path of a field selector.
	field(path string) string
	// appendJSON writes the object, or as PartialObjectMetadata.
	appendJSON(out []byte, metadataOnly bool) []byte
}

func keyOf(namespace, name string) string { return namespace + "/" + name }

// document is an object as JSON values: all objects but those of the population.
type document struct {
	object map[string]any
	text   []byte
	number uint64
}

// newDocument takes ownership of `object` and writes the version into it.
func newDocument(object map[string]any, version uint64) *document {
	d := &document{object: object, number: version}
	d.metadata()["resourceVersion"] = strconv.FormatUint(version, 10)
	d.text, _ = json.Marshal(object)
	return d
}

// toDocument reads any item as a document whose object the caller may change.
func toDocument(i item) map[string]any {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(i.appendJSON(nil, false)))
	decoder.UseNumber() // an integer must not come back as 1e+06
	if err := decoder.Decode(&object); err != nil {
		panic("an item is not JSON: " + err.Error())
	}
	return object
}

func (d *document) metadata() map[string]any { return child(d.object, "metadata") }

// child returns the map at a key; it is made when it is not there.
func child(object map[string]any, key string) map[string]any {
	if m, ok := object[key].(map[string]any); ok {
		return m
	}
	m := map[string]any{}
	object[key] = m
	return m
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func (d *document) namespace() string { return text(d.metadata(), "namespace") }
func (d *document) name() string      { return text(d.metadata(), "name") }
func (d *document) version() uint64   { return d.number }

func (d *document) label(key string) (string, bool) {
	labels, _ := d.metadata()["labels"].(map[string]any)
	value, ok := labels[key].(string)
	return value, ok
}

func (d *document) field(path string) string {
	var at any = d.object
	for part := range strings.SplitSeq(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = m[part]
	}
	s, _ := at.(string)
	return s
}

func (d *document) appendJSON(out []byte, metadataOnly bool) []byte {
	if !metadataOnly {
		return append(out, d.text...)
	}
	short, _ := json.Marshal(map[string]any{
		"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": maps.Clone(d.metadata())})
	return append(out, short...)
}
