package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Events that are taken from the history at once.
const batch = 500

// watching is one watch that is open.
type watching struct {
	*server
	call
	filter
	out []byte
}

func (s *server) watch(c call) *apiError {
	f, err := filterOf(c)
	if err != nil {
		return err
	}
	query := c.URL.Query()
	if c.verb == "stream" && (s.faults.refusesStreams() || query.Get("resourceVersionMatch") != "NotOlderThan") {
		return refusal(http.StatusUnprocessableEntity, "Invalid", "sendInitialEvents: Forbidden")
	}
	seconds, _ := strconv.Atoi(query.Get("timeoutSeconds"))
	if seconds <= 0 {
		seconds = 1800 + rand.IntN(1800)
	}
	w := watching{server: s, call: c, filter: f}
	from, _ := strconv.ParseUint(query.Get("resourceVersion"), 10, 64)
	if from != 0 && c.verb == "watch" {
		if _, _, _, old := s.store.since(c.resource, from, 1); old != nil {
			return gone
		}
	}
	hit := s.faults.join()
	defer s.faults.leave(hit)
	s.counters.watching(c.plural, 1)
	defer s.counters.watching(c.plural, -1)
	c.WriteHeader(http.StatusOK)
	if !w.flush() { // the client waits for the head, not for the first event
		return nil
	}
	if from == 0 || c.verb == "stream" {
		if from = w.initial(); from == 0 {
			return nil
		}
	}
	w.follow(from, s.faults.limit(time.Duration(seconds)*time.Second), hit)
	return nil
}

// initial writes every object as an event, and the bookmark that ends them if requested. It
// returns the version to go on from, 0 if the client has disconnected.
func (w *watching) initial() uint64 {
	items, _, version := w.store.list(w.resource, w.filter, "", 0)
	for _, i := range items {
		w.event("ADDED", i)
		if len(w.out) >= chunk && !w.flush() {
			return 0
		}
	}
	if w.verb == "stream" {
		w.bookmark(version, `,"annotations":{"k8s.io/initial-events-end":"true"}`)
	}
	if !w.flush() {
		return 0
	}
	return version
}

func (w *watching) event(kind string, i item) {
	w.out = append(w.out, `{"type":"`...)
	w.out = append(w.out, kind...)
	w.out = append(w.out, `","object":`...)
	w.out = i.appendJSON(w.out, w.metadataOnly)
	w.out = append(w.out, "}\n"...)
}

func (w *watching) bookmark(version uint64, annotations string) {
	w.out = fmt.Appendf(w.out, `{"type":"BOOKMARK","object":{"kind":"%s","apiVersion":"%s","metadata":{"resourceVersion":"%d","creationTimestamp":null%s}}}`+"\n",
		w.kind, w.apiVersion(), version, annotations)
}

func (w *watching) flush() bool {
	ok := w.send(w.call, w.out)
	w.out = w.out[:0]
	if cap(w.out) > 4*chunk {
		w.out = nil
	}
	return ok && http.NewResponseController(w.ResponseWriter).Flush() == nil
}

// change writes what an event is for this watch: an object that begins or ceases to match the
// selector is created or deleted, from its client's view.
func (w *watching) change(e event) {
	was := e.before != nil && w.matches(e.before)
	is := !e.deleted && w.matches(e.now)
	switch {
	case is && was:
		w.event("MODIFIED", e.now)
	case is:
		w.event("ADDED", e.now)
	case was:
		w.event("DELETED", e.now)
	}
}

func (w *watching) follow(from uint64, time_ time.Duration, hit <-chan fault) {
	end := time.NewTimer(time_)
	defer end.Stop()
	marks := time.NewTicker(w.bookmarks)
	defer marks.Stop()
	for {
		events, upTo, changed, err := w.store.since(w.resource, from, batch)
		if err != nil {
			w.fail()
			return
		}
		for _, e := range events {
			w.change(e)
			if len(w.out) >= chunk && !w.flush() {
				return
			}
		}
		from = upTo
		if len(w.out) > 0 && !w.flush() {
			return
		}
		if len(events) == batch {
			changed = nil // there may be more; look for faults, but do not wait
		}
		if !w.wait(changed, from, end.C, marks.C, hit) {
			return
		}
	}
}

var always = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// wait returns true when there may be events.
func (w *watching) wait(changed <-chan struct{}, from uint64, end, marks <-chan time.Time, hit <-chan fault) bool {
	if changed == nil {
		changed = always
	}
	for {
		select {
		case <-changed:
			return true
		case <-end:
			return false
		case <-w.Context().Done():
			return false
		case <-marks:
			w.bookmark(from, "")
			if !w.flush() {
				return false
			}
		case what := <-hit:
			switch what {
			case faultGone:
				w.fail()
			case faultSilent:
				<-w.Context().Done() // the client gives up
			}
			return false
		}
	}
}

// fail ends a watch as a server does that no longer has the history for it.
func (w *watching) fail() {
	w.out = append(w.out, `{"type":"ERROR","object":`...)
	w.out = append(w.out, gone.body()...)
	w.out = append(w.out, "}\n"...)
	w.flush()
}
