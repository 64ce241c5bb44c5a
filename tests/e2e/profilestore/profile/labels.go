// Package profile reads, checks and folds pprof profiles and the label sets they are stored under.
package profile

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

// Names of labels that have a meaning of their own.
const (
	LabelName        = "__name__"
	LabelServiceName = "service_name"
	LabelDelta       = "__delta__"
	LabelSpy         = "pyroscope_spy"
	LabelSessionID   = "__session_id__"
	LabelProfileType = "__profile_type__"

	// FallbackService stands in for a service name that was not sent.
	FallbackService = "unknown_service"
)

// Label is one name and value.
type Label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Labels is a label set. Functions that return one return it sorted by name.
type Labels []Label

// FromPairs copies what came over the wire.
func FromPairs(pairs []*typesv1.LabelPair) Labels {
	labels := make(Labels, 0, len(pairs))
	for _, pair := range pairs {
		labels = append(labels, Label{pair.GetName(), pair.GetValue()})
	}
	return labels.sorted()
}

// Pairs is the wire form.
func (l Labels) Pairs() []*typesv1.LabelPair {
	pairs := make([]*typesv1.LabelPair, 0, len(l))
	for _, label := range l {
		pairs = append(pairs, &typesv1.LabelPair{Name: label.Name, Value: label.Value})
	}
	return pairs
}

// Get returns the value, empty when the name is absent.
func (l Labels) Get(name string) string {
	for _, label := range l {
		if label.Name == name {
			return label.Value
		}
	}
	return ""
}

// With returns a copy that has the label; an existing value is replaced.
func (l Labels) With(name, value string) Labels {
	return append(l.Without(name), Label{name, value}).sorted()
}

// Without returns a copy that lacks the name.
func (l Labels) Without(name string) Labels {
	kept := make(Labels, 0, len(l)+1)
	for _, label := range l {
		if label.Name != name {
			kept = append(kept, label)
		}
	}
	return kept
}

// Only returns the labels whose names are listed.
func (l Labels) Only(names []string) Labels {
	kept := make(Labels, 0, len(names))
	for _, label := range l {
		if slices.Contains(names, label.Name) {
			kept = append(kept, label)
		}
	}
	return kept
}

// String is the form that the server's messages use: {a="b", c="d"}.
func (l Labels) String() string {
	parts := make([]string, 0, len(l))
	for _, label := range l {
		parts = append(parts, label.Name+"="+strconv.Quote(label.Value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Size counts the bytes of names and values, as rate limits do.
func (l Labels) Size() int {
	size := 0
	for _, label := range l {
		size += len(label.Name) + len(label.Value)
	}
	return size
}

func (l Labels) sorted() Labels {
	sort.SliceStable(l, func(i, j int) bool { return l[i].Name < l[j].Name })
	return l
}

// AllowedFromClient reports whether an agent may set the label through /ingest: of the private names only
// LabelSessionID.
func AllowedFromClient(name string) bool {
	return !strings.HasPrefix(name, "__") || name == LabelSessionID
}
