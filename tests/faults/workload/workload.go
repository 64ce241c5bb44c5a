// Package workload reads what a user does to the cluster during a run, and does it: directly at the API
// server, never through the proxy.
package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Workload is one file of workloads/. Names are deterministic, so that runs can be compared.
type Workload struct {
	Name       string      `json:"name"`
	About      string      `json:"about"`
	ByHand     bool        `json:"byHand,omitempty"` // no plans are generated, only those of plans/ run
	Namespaces []Namespace `json:"namespaces"`
	Canaries   []string    `json:"canaries,omitempty"` // secrets that must appear nowhere
	Steps      []Step      `json:"steps"`
}

// Namespace is made, with the ServiceAccount that pods need, before anything else.
type Namespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Step is one act, or one wait. Objects are named "resource namespace/name".
type Step struct {
	Start  bool            `json:"start,omitempty"`  // the operator; by itself before the first step
	Apply  json.RawMessage `json:"apply,omitempty"`  // an object, by server-side apply; ${uid resource ns/name} and ${field resource ns/name a.b} are replaced
	Status json.RawMessage `json:"status,omitempty"` // the same for the subresource
	Patch  *Patch          `json:"patch,omitempty"`
	Delete string          `json:"delete,omitempty"`
	Wait   *Wait           `json:"wait,omitempty"`
	Repeat int             `json:"repeat,omitempty"` // of apply, with ${n} replaced by 1, 2, …
	Mark   string          `json:"mark,omitempty"`   // begins faults that wait for it
}

// Patch is a merge patch.
type Patch struct {
	Object string          `json:"object"`
	Body   json.RawMessage `json:"body"`
}

// Wait is for one condition of one object.
type Wait struct {
	Object    string `json:"object"`
	Condition string `json:"condition,omitempty"` // TYPE=STATUS or TYPE=STATUS/REASON, observed at the present generation
	Gone      bool   `json:"gone,omitempty"`
	Path      string `json:"path,omitempty"` // dotted
	Is        any    `json:"is,omitempty"`
	Not       any    `json:"not,omitempty"`
}

// Load reads one file.
func Load(path string) (*Workload, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var w Workload
	if err := decoder.Decode(&w); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if w.Name != strings.TrimSuffix(filepath.Base(path), ".json") {
		return nil, fmt.Errorf("%s: name %q must be that of the file", path, w.Name)
	}
	starts := false
	for _, s := range w.Steps {
		starts = starts || s.Start
	}
	if !starts {
		w.Steps = append([]Step{{Start: true}}, w.Steps...)
	}
	return &w, nil
}

// LoadAll reads a folder, in order of the names.
func LoadAll(folder string) ([]*Workload, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var all []*Workload
	for _, path := range paths {
		w, err := Load(path)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}
