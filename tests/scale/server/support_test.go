package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// fixture is a server with a population, without TLS.
type fixture struct {
	*testing.T
	*server
	people *population
	http   *httptest.Server
}

func start(t *testing.T, c scenario) *fixture {
	t.Helper()
	s := &server{store: newStore(1000), counters: newCounters(), faults: newFaults(), bookmarks: time.Minute}
	f := &fixture{T: t, server: s, people: populate(s.store, c)}
	f.http = httptest.NewServer(s)
	t.Cleanup(func() {
		s.faults.strike(faultClose)
		f.http.CloseClientConnections()
		f.http.Close()
	})
	return f
}

func small() scenario {
	return scenario{pods: 200, workloads: 40, namespaces: 5, profiled: 50, policies: 5, seed: 1}
}

// do sends a request and returns status and body.
func (f *fixture) do(method, path, contentType, body string, headers ...string) (int, map[string]any) {
	f.Helper()
	request, err := http.NewRequest(method, f.http.URL+path, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		f.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		f.Fatalf("%s %s answered no JSON object: %v\n%.400s", method, path, err, text)
	}
	return answer.StatusCode, object
}

func (f *fixture) get(path string, headers ...string) (int, map[string]any) {
	f.Helper()
	return f.do(http.MethodGet, path, "", "", headers...)
}

// at reads a dotted path of a JSON object.
func at(object map[string]any, path string) any {
	var v any = object
	for part := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

func items(object map[string]any) []any {
	list, _ := object["items"].([]any)
	return list
}

// stream is a watch that is open; lines come until it ends.
type stream struct {
	*fixture
	body  io.ReadCloser
	lines *bufio.Reader
}

func (f *fixture) open(path string) *stream {
	f.Helper()
	answer, err := http.Get(f.http.URL + path)
	if err != nil {
		f.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		f.Fatalf("GET %s: %s", path, answer.Status)
	}
	f.Cleanup(func() { answer.Body.Close() })
	return &stream{f, answer.Body, bufio.NewReader(answer.Body)}
}

// next returns type and object of the next event; "" at the end.
func (s *stream) next() (string, map[string]any) {
	s.Helper()
	line, err := s.lines.ReadString('\n')
	if err != nil {
		return "", nil
	}
	var event struct {
		Type   string
		Object map[string]any
	}
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		s.Fatalf("a line is no event: %v\n%.200s", err, line)
	}
	return event.Type, event.Object
}

// expect fails unless the next event is of that type and name.
func (s *stream) expect(kind, name string) map[string]any {
	s.Helper()
	got, object := s.next()
	if got != kind || name != "" && at(object, "metadata.name") != name {
		s.Fatalf("event %s of %v, expected %s of %s", got, at(object, "metadata.name"), kind, name)
	}
	return object
}
