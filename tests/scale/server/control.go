package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// control is how a test steers the server, over plain HTTP on loopback:
//
//	GET  /counters                       requests since the last reset
//	POST /counters/reset
//	GET  /state                          objects of each resource, pods with an agent, the version
//	POST /churn?rate=20                  pod changes per second from now on; 0 ends it
//	POST /storm?events=10000&profiled=1  that many changes at once, profiled pods only or all
//	POST /gone | /silent | /close        hits every open watch: 410, half-open, a clean end
//	POST /limits?watch=1s&streams=off    the longest watch; whether streaming lists are refused
//	POST /expire                         drops the history: 410 for watches that resume
type control struct {
	*server
	people *population
	mu     sync.Mutex
	stop   context.CancelFunc
}

func (c *control) routes() http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, what any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(what)
	}
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) { answer(w, c.counters.view()) })
	mux.HandleFunc("POST /counters/reset", func(w http.ResponseWriter, _ *http.Request) {
		c.counters.reset()
		answer(w, true)
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, c.state()) })
	mux.HandleFunc("POST /churn", func(w http.ResponseWriter, r *http.Request) {
		rate, err := strconv.ParseFloat(r.URL.Query().Get("rate"), 64)
		if err != nil || rate < 0 || rate > 100_000 {
			http.Error(w, "rate must be a number from 0 to 100000", http.StatusBadRequest)
			return
		}
		c.setChurn(rate)
		answer(w, rate)
	})
	mux.HandleFunc("POST /storm", func(w http.ResponseWriter, r *http.Request) {
		events, err := strconv.Atoi(r.URL.Query().Get("events"))
		if err != nil || events < 1 || events > 1_000_000 {
			http.Error(w, "events must be a number from 1 to 1000000", http.StatusBadRequest)
			return
		}
		begin := time.Now()
		done := c.people.touch(events, r.URL.Query().Get("profiled") == "1")
		answer(w, map[string]any{"events": done, "seconds": time.Since(begin).Seconds()})
	})
	for path, what := range map[string]fault{"gone": faultGone, "silent": faultSilent, "close": faultClose} {
		mux.HandleFunc("POST /"+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, c.faults.strike(what)) })
	}
	mux.HandleFunc("POST /limits", func(w http.ResponseWriter, r *http.Request) {
		longest, err := time.ParseDuration(r.URL.Query().Get("watch"))
		if err != nil && r.URL.Query().Get("watch") != "" {
			http.Error(w, "watch must be a duration such as 1s", http.StatusBadRequest)
			return
		}
		c.faults.set(longest, r.URL.Query().Get("streams") == "off")
		answer(w, true)
	})
	mux.HandleFunc("POST /expire", func(w http.ResponseWriter, _ *http.Request) {
		c.store.expire()
		answer(w, true)
	})
	return mux
}

func (c *control) state() map[string]any {
	objects := map[string]int{}
	for _, r := range resources {
		if n := c.store.count(r); n > 0 {
			objects[r.plural] = n
		}
	}
	return map[string]any{"objects": objects, "profiledPods": c.people.profiledPods(), "version": c.store.version()}
}

// setChurn replaces the churn that runs.
func (c *control) setChurn(rate float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
	if rate == 0 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go c.people.churn(ctx, rate)
}
