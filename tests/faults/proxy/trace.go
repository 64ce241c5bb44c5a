package proxy

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Condition of a custom resource, without its text.
type Condition struct {
	Type               string `json:"type"`
	Status             string `json:"status"`
	Reason             string `json:"reason"`
	ObservedGeneration int64  `json:"observedGeneration,omitempty"`
}

// Record is one line of a trace: a request, an event of a watch, or something that the harness did. No
// record holds a token, or anything of an object but its identity, versions and conditions.
type Record struct {
	Kind string  `json:"kind"` // request, event, fault, process, mark
	At   float64 `json:"at"`   // seconds since the trace began: when the request had been read
	End  float64 `json:"end,omitempty"`
	Exchange

	Status          int         `json:"status,omitempty"`    // that was delivered; 0: none was
	Committed       int         `json:"committed,omitempty"` // what the API server answered
	Answered        float64     `json:"answered,omitempty"`  // when it did
	ResourceVersion string      `json:"resourceVersion,omitempty"`
	Effective       bool        `json:"effective,omitempty"` // a write that changed something
	Conditional     bool        `json:"conditional,omitempty"`
	RetryAfter      int         `json:"retryAfter,omitempty"` // that was delivered
	Generation      int64       `json:"generation,omitempty"`
	Observed        int64       `json:"observed,omitempty"`
	Conditions      []Condition `json:"conditions,omitempty"`
	From            string      `json:"from,omitempty"` // resourceVersion that a watch resumes from
	Token           int         `json:"token,omitempty"`

	Type  string   `json:"type,omitempty"` // of an event of a watch
	Fault []string `json:"fault,omitempty"`
	Note  string   `json:"note,omitempty"`
}

// Trace collects records in order of their completion; any goroutine.
type Trace struct {
	began time.Time
	mutex sync.Mutex
	all   []*Record
	out   io.Writer
	last  time.Time // of a write that was not housekeeping
}

// NewTrace also writes each record as a line of JSON to out.
func NewTrace(out io.Writer) *Trace {
	return &Trace{began: time.Now(), out: out, last: time.Now()}
}

// Now is the time of the trace in seconds.
func (t *Trace) Now() float64 { return time.Since(t.began).Seconds() }

func (t *Trace) Add(r *Record) {
	line, err := json.Marshal(r)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if r.Kind == "request" && r.IsWrite() && r.Resource != "leases" {
		t.last = time.Now()
	}
	t.all = append(t.all, r)
	if err == nil {
		_, _ = t.out.Write(append(line, '\n'))
	}
}

// Note records something that the harness did.
func (t *Trace) Note(kind, client, note string) {
	t.Add(&Record{Kind: kind, At: t.Now(), Exchange: Exchange{Client: client}, Note: note})
}

// Records returns what was recorded so far.
func (t *Trace) Records() []*Record {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return append([]*Record(nil), t.all...)
}

// Quiet is how long no write but a Lease's has ended.
func (t *Trace) Quiet() time.Duration {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return time.Since(t.last)
}
