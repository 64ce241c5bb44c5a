package proxy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// event is what the proxy reads of a line of a watch.
type event struct {
	Type   string     `json:"type"`
	Object objectMeta `json:"object"`
}

type lineOrEnd struct {
	line []byte
	err  error
}

// stream forwards a watch event by event. Its connection ends with it: a connection that was taken over
// cannot be given back to the HTTP server.
func (c *call) stream() {
	response, err := c.send(c.r.Context())
	if err != nil {
		c.rec.Note = "upstream: " + err.Error()
		c.abort(false)
		return
	}
	defer response.Body.Close()
	c.rec.Committed, c.rec.Answered = response.StatusCode, c.p.trace.Now()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		c.answer = &answer{response.StatusCode, response.Header, body}
		c.deliver()
		return
	}
	out, err := c.takeOver()
	if err != nil {
		return
	}
	defer out.close()
	c.rec.Status = http.StatusOK
	if out.head(http.StatusOK, "Content-Type: application/json", "Transfer-Encoding: chunked") != nil {
		return
	}
	lines := make(chan lineOrEnd)
	go readLines(response.Body, lines, c.p.stopped)
	gone := make(chan struct{})
	go func() {
		_, _ = out.conn.Read(make([]byte, 1))
		close(gone)
	}()
	s := &stream{call: c, out: out, gone: gone, due: make(chan plan.Fault)}
	for _, f := range c.p.rules.Stream(c.ex) {
		go s.later(f)
	}
	s.run(lines)
	c.rec.ResourceVersion = s.version
}

func readLines(body io.Reader, lines chan<- lineOrEnd, stopped <-chan struct{}) {
	reader := bufio.NewReaderSize(body, 64<<10)
	for {
		line, err := reader.ReadBytes('\n')
		select {
		case lines <- lineOrEnd{line, err}:
		case <-stopped:
			return
		}
		if err != nil {
			return
		}
	}
}

type stream struct {
	*call
	out     *raw
	gone    chan struct{}
	due     chan plan.Fault
	version string // last resourceVersion that was delivered
	silent  bool   // the connection stays and nothing comes any more
	listed  bool   // a streamed list is complete
	noEnd   bool   // the bookmark that ends a streamed list is kept back
}

func (s *stream) later(f plan.Fault) {
	select {
	case <-time.After(seconds(f.Delay)):
	case <-s.gone:
		return
	case <-s.p.stopped:
		return
	}
	select {
	case s.due <- f:
	case <-s.gone:
	case <-s.p.stopped:
	}
}

func (s *stream) run(lines chan lineOrEnd) {
	for {
		select {
		case l := <-lines:
			if len(l.line) > 0 && s.line(l.line) {
				return
			}
			if l.err != nil && s.silent {
				lines = nil // not even the end
				continue
			}
			if l.err != nil {
				_ = s.out.write("0\r\n\r\n")
				s.rec.Note = "ended by the API server"
				return
			}
		case <-s.due:
			for _, f := range s.p.rules.At(s.ex, plan.Mid) {
				if s.act(f, nil) {
					return
				}
			}
		case <-s.gone:
			s.rec.Note = "ended by the client"
			return
		case <-s.p.stopped:
			return
		}
	}
}

// line delivers one event; true when the stream is over.
func (s *stream) line(line []byte) bool {
	var e event
	_ = json.Unmarshal(line, &e)
	s.record(&e)
	if s.silent {
		return false
	}
	for _, f := range s.p.rules.At(s.ex, plan.Mid) {
		if f.Delay > 0 {
			continue // those come by time
		}
		if s.act(f, line) {
			return true
		}
	}
	if s.noEnd && e.Type == "BOOKMARK" {
		return false
	}
	if s.silent {
		return false
	}
	return s.deliver(line)
}

func (s *stream) deliver(line []byte) (over bool) {
	if s.out.chunk(line) != nil {
		return true
	}
	var e event
	_ = json.Unmarshal(line, &e)
	if v := e.Object.Metadata.ResourceVersion; v != "" && !s.listed {
		s.version = v
	}
	// The client reads nothing after the bookmark that ends a streamed list.
	s.listed = s.listed || (s.ex.Verb == "watchlist" && e.Type == "BOOKMARK")
	return false
}

func (s *stream) record(e *event) {
	m := e.Object.Metadata
	ex := *s.ex
	ex.Namespace, ex.Name = m.Namespace, m.Name
	r := &Record{Kind: "event", At: s.p.trace.Now(), Exchange: ex, Type: e.Type, ResourceVersion: m.ResourceVersion, Generation: m.Generation}
	if s.ex.Group == "profiling.dev" {
		r.Observed, r.Conditions = e.Object.Status.ObservedGeneration, e.Object.Status.Conditions
	}
	s.p.trace.Add(r)
}

// act does one fault in the middle of a stream; line is the event that waits, if there is one.
func (s *stream) act(f plan.Fault, line []byte) (over bool) {
	s.rec.Fault = append(s.rec.Fault, "mid:"+f.Do)
	switch f.Do {
	case "end-stream": // after the event
		if line != nil && s.deliver(line) {
			return true
		}
		_ = s.out.write("0\r\n\r\n")
		return true
	case "reset-stream":
		if len(line) > 2 {
			_ = s.out.chunk(line[:len(line)/2])
		}
		s.out.reset()
		return true
	case "silence":
		s.silent = true
	case "error-event":
		status := statusAnswer(f.Status, reasonOf(f), f.RetryAfter, s.ex)
		_ = s.out.chunk([]byte(`{"type":"ERROR","object":` + string(status.body) + "}\n"))
		_ = s.out.write("0\r\n\r\n")
		return true
	case "no-end-bookmark":
		s.noEnd = true
	case "bookmarks":
		if s.version == "" {
			break
		}
		for range 20 {
			bookmark := fmt.Sprintf(`{"type":"BOOKMARK","object":{"kind":"Any","apiVersion":"v1","metadata":{"resourceVersion":%q}}}`, s.version)
			if s.out.chunk([]byte(bookmark+"\n")) != nil {
				return true
			}
		}
	case "inject":
		return s.out.chunk([]byte(injected[f.How]+"\n")) != nil
	}
	return false
}

func reasonOf(f plan.Fault) string {
	if f.Reason != "" {
		return f.Reason
	}
	return reasons[f.Status]
}

// injected are lines that a newer or broken server may send.
var injected = map[string]string{
	"unknown-type": `{"type":"SPLENDID","object":{"kind":"Any","apiVersion":"v1","metadata":{"name":"x","namespace":"y"}}}`,
	"no-metadata":  `{"type":"ADDED","object":{"kind":"Any","apiVersion":"v1"}}`,
	"no-object":    `{"type":"MODIFIED"}`,
	"empty-line":   ``,
}
