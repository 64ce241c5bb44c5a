package main

import (
	"sync"
	"time"
)

// counters count the requests of clients. Keys are "VERB RESOURCE", as in "list pods"; the verb of a
// streaming list is "stream".
type counters struct {
	mu       sync.Mutex
	requests map[string]int
	bytes    map[string]int64
	watches  map[string]int // open now
	refused  map[string]int // requests that were answered with 4xx or 5xx
	since    time.Time
}

type countersView struct {
	Requests map[string]int   `json:"requests"`
	Bytes    map[string]int64 `json:"bytes"`
	Watches  map[string]int   `json:"openWatches"`
	Refused  map[string]int   `json:"refused"`
	Seconds  float64          `json:"seconds"`
}

func newCounters() *counters {
	c := &counters{watches: map[string]int{}}
	c.reset()
	return c
}

// reset forgets all but what is open now.
func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests, c.bytes, c.refused, c.since = map[string]int{}, map[string]int64{}, map[string]int{}, time.Now()
}

func (c *counters) request(verb, resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[verb+" "+resource]++
}

func (c *counters) answered(verb, resource string, status int) {
	if status < 400 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[verb+" "+resource]++
}

func (c *counters) sent(verb, resource string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes[verb+" "+resource] += int64(n)
}

func (c *counters) watching(resource string, change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches[resource] += change
}

func (c *counters) view() countersView {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := countersView{map[string]int{}, map[string]int64{}, map[string]int{}, map[string]int{}, time.Since(c.since).Seconds()}
	for k, n := range c.requests {
		v.Requests[k] = n
	}
	for k, n := range c.bytes {
		v.Bytes[k] = n
	}
	for k, n := range c.watches {
		v.Watches[k] = n
	}
	for k, n := range c.refused {
		v.Refused[k] = n
	}
	return v
}
