package proxy

import (
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

// Exchange is what a request means to the Kubernetes API.
type Exchange struct {
	Client      string `json:"client"`
	Verb        string `json:"verb"`
	Group       string `json:"group,omitempty"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Selector    string `json:"selector,omitempty"` // of a list or watch
}

// Object is "namespace/name".
func (e *Exchange) Object() string { return e.Namespace + "/" + e.Name }

// IsWrite reports whether the request may change something.
func (e *Exchange) IsWrite() bool {
	switch e.Verb {
	case "create", "apply", "patch", "update", "delete":
		return true
	}
	return false
}

// IsStream reports whether the answer is a stream of events.
func (e *Exchange) IsStream() bool { return e.Verb == "watch" || e.Verb == "watchlist" }

// IsHousekeeping: requests that come by the clock or beside the work, which no workload causes directly.
func (e *Exchange) IsHousekeeping() bool { return e.Resource == "leases" || e.Resource == "events" }

// Parse reads method, URL, content type and body. What is not an API path has the resource "".
func Parse(method string, u *url.URL, contentType string, body []byte) Exchange {
	var e Exchange
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, p := range parts {
		if decoded, err := url.PathUnescape(p); err == nil {
			parts[i] = decoded
		}
	}
	switch {
	case parts[0] == "api" && len(parts) >= 3:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) >= 4:
		e.Group = parts[1]
		parts = parts[3:]
	default:
		e.Verb = strings.ToLower(method)
		return e
	}
	// "namespaces/NS/status" and "namespaces/NS" are the object itself.
	if parts[0] == "namespaces" && len(parts) >= 3 && parts[2] != "status" && parts[2] != "finalize" {
		e.Namespace = parts[1]
		parts = parts[2:]
	}
	e.Resource = parts[0]
	if len(parts) > 1 {
		e.Name = parts[1]
	}
	if len(parts) > 2 {
		e.Subresource = strings.Join(parts[2:], "/")
	}
	e.Verb = verbOf(method, u.Query(), contentType, e.Name != "")
	if e.Name == "" {
		e.Selector = u.Query().Get("labelSelector")
		if name, found := strings.CutPrefix(u.Query().Get("fieldSelector"), "metadata.name="); found {
			e.Name = name
		}
	}
	if e.Verb == "create" && e.Name == "" {
		e.Name = meta(body).Metadata.Name
	}
	return e
}

func verbOf(method string, query url.Values, contentType string, named bool) string {
	switch method {
	case "GET":
		switch {
		case query.Get("watch") == "true" || query.Get("watch") == "1":
			if query.Get("sendInitialEvents") == "true" {
				return "watchlist"
			}
			return "watch"
		case named:
			return "get"
		}
		return "list"
	case "POST":
		return "create"
	case "PUT":
		return "update"
	case "PATCH":
		if strings.HasPrefix(contentType, "application/apply-patch") {
			return "apply"
		}
		return "patch"
	}
	return strings.ToLower(method)
}

// Matches reports whether a request is one of those that m selects.
func Matches(m plan.Match, e *Exchange) bool {
	if e.IsHousekeeping() && m.Resource != e.Resource {
		return false
	}
	if m.Selector != "" && m.Selector != e.Selector {
		return false
	}
	return glob(m.Client, e.Client) && verbMatches(m.Verb, e) && glob(m.Resource, e.Resource) &&
		subresourceMatches(m.Subresource, e.Subresource) && glob(m.Object, e.Object())
}

func verbMatches(wanted string, e *Exchange) bool {
	switch wanted {
	case "write":
		return e.IsWrite()
	case "read":
		return e.Verb == "get" || e.Verb == "list" || e.Verb == "watchlist"
	}
	return glob(wanted, e.Verb)
}

func subresourceMatches(wanted, has string) bool {
	if wanted == "-" {
		return has == ""
	}
	return glob(wanted, has)
}

func glob(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, text)
	return ok && err == nil
}

// objectMeta is the little that the proxy reads of objects.
type objectMeta struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name            string `json:"name"`
		Namespace       string `json:"namespace"`
		UID             string `json:"uid"`
		ResourceVersion string `json:"resourceVersion"`
		Generation      int64  `json:"generation"`
	} `json:"metadata"`
	Status struct {
		ObservedGeneration int64       `json:"observedGeneration"`
		Conditions         []Condition `json:"conditions"`
	} `json:"status"`
	Preconditions struct { // of DeleteOptions
		UID string `json:"uid"`
	} `json:"preconditions"`
	Code int `json:"code"`
}

func meta(body []byte) objectMeta {
	var m objectMeta
	if json.Unmarshal(body, &m) != nil {
		// A status of another shape must not hide the metadata.
		var only struct {
			Kind     string          `json:"kind"`
			Metadata json.RawMessage `json:"metadata"`
		}
		m = objectMeta{}
		if json.Unmarshal(body, &only) == nil {
			m.Kind = only.Kind
			_ = json.Unmarshal(only.Metadata, &m.Metadata)
		}
	}
	return m
}
