package main

import (
	"fmt"
	"strings"
)

// selector is a list of requirements that all must hold; the forms that the operator and kubectl
// send: `key`, `!key`, `key=value`, `key==value`, `key!=value`.
type selector []requirement

type requirement struct {
	key, value string
	op         string // "exists", "missing", "=", "!="
}

// parseSelector reads a label selector, or a field selector when `fields` is set, which knows values only.
func parseSelector(text string, fields bool) (selector, error) {
	var s selector
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		var r requirement
		if key, value, ok := strings.Cut(part, "!="); ok {
			r = requirement{key, value, "!="}
		} else if key, value, ok := strings.Cut(part, "="); ok {
			r = requirement{key, strings.TrimPrefix(value, "="), "="}
		} else if key, ok := strings.CutPrefix(part, "!"); ok {
			r = requirement{key, "", "missing"}
		} else {
			r = requirement{part, "", "exists"}
		}
		needsValue := r.op == "exists" || r.op == "missing"
		if r.key == "" || strings.ContainsAny(r.key, " ()") || fields && needsValue {
			return nil, fmt.Errorf("unable to parse requirement %q", part)
		}
		s = append(s, r)
	}
	return s, nil
}

func (r requirement) holds(value string, there bool) bool {
	switch r.op {
	case "exists":
		return there
	case "missing":
		return !there
	case "=":
		return there && value == r.value
	default:
		return value != r.value
	}
}

// filter selects the items of a list or a watch.
type filter struct {
	namespace      string
	labels, fields selector
}

func (f filter) matches(i item) bool {
	if f.namespace != "" && i.namespace() != f.namespace {
		return false
	}
	for _, r := range f.labels {
		if value, there := i.label(r.key); !r.holds(value, there) {
			return false
		}
	}
	for _, r := range f.fields {
		if !r.holds(i.field(r.key), true) {
			return false
		}
	}
	return true
}
