package proxy

import (
	"fmt"
	"net/http"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// the API server's reasons for its codes.
var reasons = map[int]string{
	400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
	413: "RequestEntityTooLarge", 415: "UnsupportedMediaType", 422: "Invalid", 429: "TooManyRequests",
	500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
}

// faults lets happen what the plan has for this exchange in a phase; true when the exchange is over.
func (c *call) faults(phase string) bool {
	for _, f := range c.p.rules.At(c.ex, phase) {
		c.rec.Fault = append(c.rec.Fault, fmt.Sprintf("%s:%s", phase, f.Do))
		if c.apply(f, phase) {
			return true
		}
	}
	return false
}

func (c *call) apply(f plan.Fault, phase string) (over bool) {
	switch f.Do {
	case "kill":
		c.p.actor.Signal(c.ex.Client, "kill", 0)
		if phase != plan.Delivered {
			c.abort(false)
		}
		return true
	case "term", "stop":
		c.p.actor.Signal(c.ex.Client, f.Do, seconds(f.Seconds))
	case "refuse":
		c.p.Refuse(seconds(f.Seconds))
		return true
	case "close":
		c.abort(false)
		return true
	case "hang":
		c.hang()
		return true
	case "delay":
		if !c.pause(seconds(f.Delay)) {
			c.abort(false)
			return true
		}
	case "answer":
		reason := f.Reason
		if reason == "" {
			reason = reasons[f.Status]
		}
		c.answer = statusAnswer(f.Status, reason, f.RetryAfter, c.ex)
		if phase == plan.Before {
			c.deliver()
			return true
		}
	case "redirect":
		c.answer = &answer{f.Status, http.Header{"Location": {c.p.decoy.URL + c.r.URL.EscapedPath()}}, []byte("{}")}
		c.deliver()
		return true
	case "twice":
		c.twice = f.How
	case "foreign":
		c.p.actor.Foreign(f.Object)
	case "vanish":
		c.p.actor.Vanish(c.ex)
	case "rotate":
		c.p.refuseToken(c.rec.Token)
		c.p.actor.Rotate()
		c.answer = statusAnswer(http.StatusUnauthorized, "Unauthorized", 0, c.ex)
		c.deliver()
		return true
	case "rewrite":
		for key, value := range f.Query {
			if value == "" {
				c.query.Del(key)
			} else {
				c.query.Set(key, value)
			}
		}
	case "drip":
		c.drip(f)
		return true
	case "corrupt":
		return c.corrupt(f)
	}
	return false
}

// hang keeps the connection open without an answer until the client or the run gives up.
func (c *call) hang() {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		return
	}
	forget := c.p.track(c.ex.Client, conn)
	defer forget()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = conn.Read(make([]byte, 1)) // returns when the client closes
	}()
	select {
	case <-gone:
	case <-c.p.stopped:
	case <-time.After(10 * time.Minute):
	}
	_ = conn.Close()
}
