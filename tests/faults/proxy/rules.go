package proxy

import (
	"fmt"
	"sync"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// Rules knows which faults of a plan hit a request; any goroutine.
type Rules struct {
	mutex   sync.Mutex
	rules   []*rule
	trace   *Trace
	waiting chan struct{} // closed and replaced at each change
}

type rule struct {
	plan.Fault
	index   int
	matched int
	hits    int
	active  bool
	over    bool
	until   time.Time
	ended   time.Time
}

// NewRules arms the faults of a plan.
func NewRules(faults []plan.Fault, trace *Trace) *Rules {
	r := &Rules{trace: trace, waiting: make(chan struct{})}
	for i, f := range faults {
		if f.On.Nth == 0 {
			f.On.Nth = 1
		}
		if f.Times == 0 && f.Seconds == 0 {
			f.Times = 1
		}
		r.rules = append(r.rules, &rule{Fault: f, index: i})
	}
	return r
}

// At returns the faults that hit a request in a phase, and counts it. Phase mid is one event of a watch.
func (r *Rules) At(e *Exchange, phase string) []plan.Fault {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var hit []plan.Fault
	for _, rule := range r.rules {
		began := false
		if !rule.active && !rule.over && rule.On.Mark == "" && rule.On.Phase == phase && Matches(rule.On.Match, e) {
			if rule.matched++; rule.matched >= rule.On.Nth {
				r.begin(rule)
				began = true
			}
		}
		if r.hits(rule, e, phase, began) {
			rule.hits++
			hit = append(hit, rule.Fault)
			r.trace.Add(&Record{Kind: "fault", At: r.trace.Now(), Exchange: *e, Note: describe(rule)})
			if rule.Times > 0 && rule.hits >= rule.Times {
				r.end(rule)
			}
		}
	}
	return hit
}

// Stream returns the faults of phase mid that are due by time and not by event on a stream that begins.
func (r *Rules) Stream(e *Exchange) []plan.Fault {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var due []plan.Fault
	for _, rule := range r.rules {
		if rule.On.Phase == plan.Mid && rule.Delay > 0 && !rule.over && Matches(rule.On.Match, e) {
			due = append(due, rule.Fault)
		}
	}
	return due
}

// Mark begins the faults that wait for a step of the workload and returns them.
func (r *Rules) Mark(name string) []plan.Fault {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var begun []plan.Fault
	for _, rule := range r.rules {
		if rule.On.Mark != name || rule.active || rule.over {
			continue
		}
		r.begin(rule)
		begun = append(begun, rule.Fault)
		if rule.Affects == nil { // independent of a request, such as stopping a process
			rule.hits = 1
			if rule.Times > 0 {
				r.end(rule)
			}
		}
		r.trace.Add(&Record{Kind: "fault", At: r.trace.Now(), Note: describe(rule)})
	}
	return begun
}

func (r *Rules) hits(rule *rule, e *Exchange, phase string, began bool) bool {
	if rule.active && rule.Seconds > 0 && time.Now().After(rule.until) {
		r.end(rule)
	}
	if !rule.active || rule.over {
		return false
	}
	if rule.Affects != nil {
		wanted := rule.Affects.Phase
		if wanted == "" {
			wanted = plan.Before
		}
		return phase == wanted && Matches(rule.Affects.Match, e)
	}
	return began || (phase == rule.On.Phase && Matches(rule.On.Match, e))
}

func (r *Rules) begin(rule *rule) {
	rule.active = true
	if rule.Seconds > 0 {
		length := time.Duration(rule.Seconds * float64(time.Second))
		rule.until = time.Now().Add(length)
		time.AfterFunc(length, func() {
			r.mutex.Lock()
			defer r.mutex.Unlock()
			r.end(rule)
		})
	}
	r.wake()
}

func (r *Rules) end(rule *rule) {
	if rule.over {
		return
	}
	rule.active, rule.over, rule.ended = false, true, time.Now()
	r.trace.Add(&Record{Kind: "fault", At: r.trace.Now(), Note: fmt.Sprintf("%d:%s ends, hits: %d", rule.index, rule.Do, rule.hits)})
	r.wake()
}

func (r *Rules) wake() {
	close(r.waiting)
	r.waiting = make(chan struct{})
}

// Changed is closed at the next change of State.
func (r *Rules) Changed() <-chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.waiting
}

// State returns the number of faults, of those that hit something, and of those that are over.
func (r *Rules) State() (all, hit, over int, ended time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, rule := range r.rules {
		all++
		if rule.hits > 0 {
			hit++
		}
		if rule.over {
			over++
			if rule.ended.After(ended) {
				ended = rule.ended
			}
		}
	}
	return
}

// Stop ends every fault, so that nothing hangs while a run is taken down.
func (r *Rules) Stop() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, rule := range r.rules {
		r.end(rule)
	}
}

func describe(rule *rule) string {
	text := fmt.Sprintf("%d:%s", rule.index, rule.Do)
	if rule.Status != 0 {
		text += fmt.Sprintf(" %d", rule.Status)
	}
	if rule.How != "" {
		text += " " + rule.How
	}
	return text
}

// Timed reports whether a timed fault is still active.
func (r *Rules) Timed() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, rule := range r.rules {
		if rule.active && !rule.over && rule.Seconds > 0 {
			return true
		}
	}
	return false
}
