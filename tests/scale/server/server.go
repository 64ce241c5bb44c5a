package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// server answers the Kubernetes API from the store.
type server struct {
	store     *store
	counters  *counters
	faults    *faults
	bookmarks time.Duration // between two bookmarks of a watch
}

// apiError is what becomes a Status object.
type apiError struct {
	code    int
	reason  string
	message string
}

func (e *apiError) Error() string { return e.message }

func refusal(code int, reason, format string, arguments ...any) *apiError {
	return &apiError{code, reason, fmt.Sprintf(format, arguments...)}
}

func notFound(t target) *apiError {
	return refusal(http.StatusNotFound, "NotFound", "%s %q not found", t.plural, t.name)
}

var gone = refusal(http.StatusGone, "Expired", "too old resource version")

func (e *apiError) body() []byte {
	text, _ := json.Marshal(map[string]any{"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{},
		"status": "Failure", "message": e.message, "reason": e.reason, "code": e.code})
	return text
}

// call is one request and what is known of it.
type call struct {
	http.ResponseWriter
	*http.Request
	target
	verb         string
	metadataOnly bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/version" {
		_, _ = w.Write([]byte(`{"major":"1","minor":"34","gitVersion":"v1.34.4"}`))
		return
	}
	t, ok := parsePath(r.URL.Path)
	if !ok {
		s.counters.request("unknown", r.URL.Path)
		s.refuse(call{ResponseWriter: w, verb: "unknown", target: target{resource: &resource{plural: r.URL.Path}}},
			refusal(http.StatusNotFound, "NotFound", "the server could not find the requested resource"))
		return
	}
	c := call{w, r, t, verbOf(r, t), strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata")}
	s.counters.request(c.verb, t.plural)
	var err *apiError
	switch c.verb {
	case "get":
		err = s.get(c)
	case "list":
		err = s.list(c)
	case "watch", "stream":
		err = s.watch(c)
	default:
		err = s.write(c)
	}
	if err != nil {
		s.refuse(c, err)
	}
}

func verbOf(r *http.Request, t target) string {
	switch r.Method {
	case http.MethodGet:
		query := r.URL.Query()
		switch {
		case t.name != "":
			return "get"
		case query.Get("watch") != "true" && query.Get("watch") != "1":
			return "list"
		case query.Get("sendInitialEvents") == "true":
			return "stream"
		default:
			return "watch"
		}
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/apply-patch") {
			return "apply"
		}
		return "patch"
	case http.MethodDelete:
		return "delete"
	}
	return "unknown"
}

func (s *server) refuse(c call, e *apiError) {
	s.counters.answered(c.verb, c.plural, e.code)
	c.WriteHeader(e.code)
	s.send(c, e.body())
}

func (s *server) send(c call, text []byte) bool {
	n, err := c.ResponseWriter.Write(text)
	s.counters.sent(c.verb, c.plural, n)
	return err == nil
}

// filterOf reads namespace and selectors of a list or watch.
func filterOf(c call) (filter, *apiError) {
	f := filter{namespace: c.namespace}
	var err error
	query := c.URL.Query()
	if f.labels, err = parseSelector(query.Get("labelSelector"), false); err == nil {
		f.fields, err = parseSelector(query.Get("fieldSelector"), true)
	}
	if err != nil {
		return f, refusal(http.StatusBadRequest, "BadRequest", "%s", err.Error())
	}
	return f, nil
}

func (s *server) get(c call) *apiError {
	i := s.store.get(c.resource, c.namespace, c.name)
	if i == nil {
		return notFound(c.target)
	}
	s.send(c, i.appendJSON(nil, c.metadataOnly))
	return nil
}
