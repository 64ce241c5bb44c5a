// Package plan defines fault plans: what goes wrong, at which request, in which workload. A plan is one
// JSON file and reproduces its run by itself.
package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// Class selects how a plan is judged.
const (
	Legal   = "legal"   // the API's contract allows the fault: every oracle applies
	Illegal = "illegal" // seen in real servers all the same: nothing is destroyed, and it heals
)

// Match selects requests. An empty field matches everything; the others are globs in which '*' stops at
// '/'. Verbs are get, list, watchlist, watch, create, apply, patch, update and delete; "write" stands
// for the last five and "read" for get, list and watchlist. Leases and events are matched only by name
// of the resource, for their requests come at times of their own.
type Match struct {
	Client      string `json:"client,omitempty"` // which replica: a, b
	Verb        string `json:"verb,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"` // "-": none
	Object      string `json:"object,omitempty"`      // namespace/name; "/name" for cluster-scoped ones
	Selector    string `json:"selector,omitempty"`    // of a list or watch, to the letter
}

// Phases of an exchange.
const (
	Before    = "before"    // the request was read and not forwarded yet
	After     = "after"     // the API server has answered, and the answer was not delivered yet
	Delivered = "delivered" // the answer is out
	Mid       = "mid"       // an event of a watch is about to be delivered
)

// Trigger is the moment at which a fault begins: the n-th request (or event, in phase mid) that matches,
// or the mark that a step of the workload sets.
type Trigger struct {
	Match
	Nth   int    `json:"nth,omitempty"` // 1 when not set
	Phase string `json:"phase,omitempty"`
	Mark  string `json:"mark,omitempty"`
}

// Target is what a fault hits when that is not what begins it.
type Target struct {
	Match
	Phase string `json:"phase,omitempty"` // before, when not set
}

// Fault is one thing that goes wrong. It begins at On and then hits every request that matches Affects
// (On, when not set), Times times or for Seconds; once when neither is set.
type Fault struct {
	On      Trigger `json:"on"`
	Affects *Target `json:"affects,omitempty"`
	Do      string  `json:"do"`
	Times   int     `json:"times,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`

	Status     int               `json:"status,omitempty"` // of "answer"
	Reason     string            `json:"reason,omitempty"`
	RetryAfter int               `json:"retryAfter,omitempty"`
	How        string            `json:"how,omitempty"`    // of "corrupt", "inject" and "twice"
	Delay      float64           `json:"delay,omitempty"`  // seconds, of "delay", "drip" and streams
	Query      map[string]string `json:"query,omitempty"`  // of "rewrite"
	Object     json.RawMessage   `json:"object,omitempty"` // of "foreign"
}

// Seen is a condition that some version of an object must have shown during the run.
type Seen struct {
	Resource string `json:"resource"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Reason   string `json:"reason"`
}

// Plan is the content of a plan file.
type Plan struct {
	Name       string   `json:"name"`
	Experiment string   `json:"experiment"`
	About      string   `json:"about,omitempty"`
	Workload   string   `json:"workload"`
	Class      string   `json:"class"`
	Seed       int64    `json:"seed,omitempty"` // that a storm's faults were drawn with
	Replicas   int      `json:"replicas,omitempty"`
	Lease      string   `json:"lease,omitempty"` // quick (the default) or slow: when calls must take long
	Flags      []string `json:"flags,omitempty"` // of the operator
	Faults     []Fault  `json:"faults"`
	Nudge      string   `json:"nudge,omitempty"`   // object that is touched after the faults, RESOURCE:NS/NAME
	Restart    bool     `json:"restart,omitempty"` // the operator, in the end state
	Partial    bool     `json:"partial,omitempty"` // one fault may keep another from being reached

	Deadline     float64 `json:"deadline,omitempty"`     // seconds to converge in after the last fault
	ExtraWrites  int     `json:"extraWrites,omitempty"`  // that the fault excuses, of one object
	AllowedExits []int   `json:"allowedExits,omitempty"` // of processes, besides 0 after SIGTERM
	Seen         []Seen  `json:"seen,omitempty"`
	Smoke        bool    `json:"smoke,omitempty"`
}

var actions = map[string][]string{
	"kill": {Before, After, Delivered}, "term": {Before, After, Delivered}, "stop": {Before, After, Delivered},
	"close": {Before, After}, "answer": {Before, After}, "delay": {Before, After}, "hang": {Before, After},
	"drip": {After}, "corrupt": {After}, "redirect": {Before}, "twice": {Before}, "foreign": {Before}, "vanish": {Before},
	"rotate": {Before}, "rewrite": {Before}, "refuse": {Before, After, Delivered},
	"end-stream": {Mid}, "reset-stream": {Mid}, "silence": {Mid}, "error-event": {Mid}, "bookmarks": {Mid},
	"no-end-bookmark": {Mid}, "inject": {Mid},
}

// Check names the first thing that is wrong with a plan.
func (p *Plan) Check() error {
	switch {
	case p.Name == "" || p.Workload == "":
		return errors.New("name and workload must be set")
	case p.Class != Legal && p.Class != Illegal:
		return fmt.Errorf("class %q must be %q or %q", p.Class, Legal, Illegal)
	}
	for i, f := range p.Faults {
		phases, known := actions[f.Do]
		if !known {
			return fmt.Errorf("faults[%d].do: %q is unknown", i, f.Do)
		}
		if f.On.Mark != "" {
			continue
		}
		if !contains(phases, f.On.Phase) {
			return fmt.Errorf("faults[%d].on.phase: %q must be one of %v for %q", i, f.On.Phase, phases, f.Do)
		}
	}
	return nil
}

func contains(list []string, one string) bool {
	for _, s := range list {
		if s == one {
			return true
		}
	}
	return false
}

// Load reads a plan and refuses fields that do not exist.
func Load(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p Plan
	if err := decoder.Decode(&p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &p, nil
}

// LoadAll reads every plan of a folder, in order of their names.
func LoadAll(folder string) ([]*Plan, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	plans := make([]*Plan, 0, len(paths))
	for _, path := range paths {
		p, err := Load(path)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// Save writes the file FOLDER/NAME.json.
func (p *Plan) Save(folder string) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, p.Name+".json")
	return path, os.WriteFile(path, append(text, '\n'), 0o644)
}
