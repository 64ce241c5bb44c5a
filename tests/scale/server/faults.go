package main

import (
	"sync"
	"time"
)

// fault is something that befalls a watch that is open.
type fault int

const (
	faultClose  fault = iota // the response ends, cleanly
	faultGone                // an ERROR event with 410, then the end
	faultSilent              // nothing more is sent and nothing is closed: a half-open connection
)

// faults keeps the open watches, so that faults can hit all of them, and the lifetime of new ones.
type faults struct {
	mu      sync.Mutex
	open    map[chan fault]struct{}
	longest time.Duration // of a watch; 0: as the client requests
	refuse  bool          // streaming lists are refused, as by a server that does not know them
}

func newFaults() *faults { return &faults{open: map[chan fault]struct{}{}} }

// join registers a watch; the caller leaves when it ends.
func (f *faults) join() chan fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan fault, 1)
	f.open[c] = struct{}{}
	return c
}

func (f *faults) leave(c chan fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

// strike returns the number of watches hit.
func (f *faults) strike(what fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		select {
		case c <- what:
		default: // it has one to deal with already
		}
	}
	return len(f.open)
}

func (f *faults) set(longest time.Duration, refuse bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.longest, f.refuse = longest, refuse
}

// limit shortens a watch's time.
func (f *faults) limit(asked time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.longest > 0 && f.longest < asked {
		return f.longest
	}
	return asked
}

func (f *faults) refusesStreams() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refuse
}
