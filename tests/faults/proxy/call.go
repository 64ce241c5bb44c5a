package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// call is one exchange on its way through the proxy.
type call struct {
	p      *Proxy
	w      http.ResponseWriter
	r      *http.Request
	body   []byte
	query  url.Values
	ex     *Exchange
	rec    *Record
	answer *answer // nil until the API server or a fault has answered
	before string  // version of the object when the request was forwarded
	twice  string  // which answer of a request that is sent twice is delivered
}

// answer is a whole one; streams have none.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (p *Proxy) serve(client string, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has died while it was sending
	}
	ex := Parse(r.Method, r.URL, r.Header.Get("Content-Type"), body)
	ex.Client = client
	c := &call{p: p, w: w, r: r, body: body, query: r.URL.Query(), ex: &ex, rec: &Record{Kind: "request", At: p.trace.Now(), Exchange: ex}}
	c.rec.Token = p.tokenNumber(r.Header.Get("Authorization"))
	c.rec.Conditional = conditional(&ex, body)
	if ex.Resource == "leases" && releases(body) {
		c.rec.Type = "release"
	}
	if ex.IsStream() {
		c.rec.From = c.query.Get("resourceVersion")
	}
	defer func() {
		c.rec.End = p.trace.Now()
		p.trace.Add(c.rec)
	}()
	if p.tokenRefused(c.rec.Token) {
		c.answer = statusAnswer(http.StatusUnauthorized, "Unauthorized", 0, &ex)
		c.deliver()
		return
	}
	if c.faults(plan.Before) {
		return
	}
	if ex.IsStream() && c.answer == nil {
		c.stream()
		return
	}
	if c.answer == nil && !c.forward() {
		c.abort(false)
		return
	}
	if c.faults(plan.After) {
		return
	}
	c.deliver()
	c.faults(plan.Delivered)
}

// conditional: the write names which object, or which version of it, it is meant for.
func conditional(ex *Exchange, body []byte) bool {
	m := meta(body)
	switch ex.Verb {
	case "delete":
		return m.Preconditions.UID != ""
	case "update":
		return m.Metadata.ResourceVersion != ""
	}
	return m.Metadata.UID != "" || m.Metadata.ResourceVersion != ""
}

// releases reports whether a write leaves a Lease without a holder.
func releases(body []byte) bool {
	var lease struct {
		Spec struct {
			Holder *string `json:"holderIdentity"`
		} `json:"spec"`
	}
	return json.Unmarshal(body, &lease) == nil && lease.Spec.Holder != nil && *lease.Spec.Holder == ""
}

// forward sends the request to the API server. Writes are not aborted when the client disconnects: their outcome must
// be known.
func (c *call) forward() bool {
	switch c.ex.Verb {
	case "apply", "patch", "update":
		c.before = c.version(context.WithoutCancel(c.r.Context()))
	}
	times := 1
	if c.twice != "" {
		times = 2
	}
	for i := range times {
		ctx := c.r.Context()
		if c.ex.IsWrite() {
			ctx = context.WithoutCancel(ctx)
		}
		response, err := c.send(ctx)
		if err != nil {
			c.rec.Note = "upstream: " + err.Error()
			return false
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			c.rec.Note = "upstream: " + err.Error()
			return false
		}
		if i == 0 || c.twice == "second" {
			c.answer = &answer{response.StatusCode, response.Header, body}
		}
		if i == 0 {
			c.committed(response.StatusCode, body)
		} else {
			c.rec.Note = fmt.Sprintf("the second delivery was answered with %d", response.StatusCode)
		}
	}
	return true
}

func (c *call) send(ctx context.Context) (*http.Response, error) {
	target := c.p.upstream.URL + c.r.URL.EscapedPath()
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, c.r.Method, target, bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Accept", "Authorization", "Content-Type", "User-Agent"} {
		if value := c.r.Header.Get(name); value != "" {
			request.Header.Set(name, value)
		}
	}
	return c.p.upstream.Client.Do(request)
}

// committed notes what the API server made of the request.
func (c *call) committed(status int, body []byte) {
	c.rec.Committed, c.rec.Answered = status, c.p.trace.Now()
	if status < 200 || status > 299 {
		return
	}
	m := meta(body)
	c.rec.ResourceVersion, c.rec.Generation = m.Metadata.ResourceVersion, m.Metadata.Generation
	if c.ex.Verb == "list" {
		return
	}
	if c.ex.Group == "profiling.dev" {
		c.rec.Observed, c.rec.Conditions = m.Status.ObservedGeneration, m.Status.Conditions
	}
	if c.ex.Name == "" {
		c.ex.Name, c.rec.Name = m.Metadata.Name, m.Metadata.Name
	}
	// An eviction is answered with a Status, which has no version.
	c.rec.Effective = c.ex.Verb == "delete" || c.ex.Subresource == "eviction" || c.ex.IsWrite() && newer(m.Metadata.ResourceVersion, c.before)
	if c.rec.Effective && c.ex.Subresource == "status" {
		c.p.actor.Wrote(c.rec)
	}
}

// version of the object that a write is for, as the API server has it before; "" when it is not there.
// The operator's own view does not count: a fault may have hidden the object.
func (c *call) version(ctx context.Context) string {
	path := c.r.URL.EscapedPath()
	if c.ex.Subresource != "" {
		path = strings.TrimSuffix(path, "/"+c.ex.Subresource)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.p.upstream.URL+path, nil)
	if err != nil {
		return ""
	}
	request.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	response, err := c.p.upstream.Client.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	return meta(body).Metadata.ResourceVersion
}

func newer(a, b string) bool {
	x, err := strconv.ParseUint(a, 10, 64)
	y, _ := strconv.ParseUint(b, 10, 64) // nothing is older than everything
	return err == nil && x > y
}

// deliver sends the answer on a connection that stays open.
func (c *call) deliver() {
	for _, name := range []string{"Content-Type", "Retry-After", "Location", "Warning"} {
		if value := c.answer.header.Get(name); value != "" {
			c.w.Header().Set(name, value)
		}
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(c.answer.body)))
	c.w.WriteHeader(c.answer.status)
	_, err := c.w.Write(c.answer.body)
	_ = http.NewResponseController(c.w).Flush()
	c.rec.Status = c.answer.status
	c.rec.RetryAfter, _ = strconv.Atoi(c.answer.header.Get("Retry-After"))
	if err != nil {
		c.rec.Note = "not delivered: " + err.Error()
	}
}

// statusAnswer is an API server's answer to a refused request.
func statusAnswer(code int, reason string, retryAfter int, ex *Exchange) *answer {
	header := http.Header{"Content-Type": {"application/json"}}
	status := map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "code": code,
		"reason": reason, "message": fmt.Sprintf("%s %q: %s, says the fault plan", ex.Resource, ex.Name, reason),
	}
	if retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(retryAfter))
		status["details"] = map[string]any{"retryAfterSeconds": retryAfter}
	}
	body, _ := json.Marshal(status)
	return &answer{code, header, body}
}

// pause waits; false if the proxy was closed or the client disconnected meanwhile.
func (c *call) pause(length time.Duration) bool {
	select {
	case <-time.After(length):
		return true
	case <-c.r.Context().Done():
		return false
	case <-c.p.stopped:
		return false
	}
}
