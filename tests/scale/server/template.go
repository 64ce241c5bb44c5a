package main

import "strings"

// template is a JSON text with ${names}, split once at them, so that rendering one
// of 150 000 pods is a handful of appends.
type template struct {
	literals []string // one more than names
	names    []string
}

// parseTemplate removes the line breaks and the indentation that make the source readable.
func parseTemplate(source string) *template {
	var flat strings.Builder
	for line := range strings.Lines(source) {
		flat.WriteString(strings.TrimSpace(line))
	}
	t := &template{}
	rest := flat.String()
	for {
		before, after, found := strings.Cut(rest, "${")
		t.literals = append(t.literals, before)
		if !found {
			return t
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			panic("a template has '${' without '}' near: " + after[:min(20, len(after))])
		}
		t.names = append(t.names, name)
		rest = tail
	}
}

// append renders the text; `value` appends the value of a name.
func (t *template) append(out []byte, value func(out []byte, name string) []byte) []byte {
	for i, name := range t.names {
		out = append(out, t.literals[i]...)
		out = value(out, name)
	}
	return append(out, t.literals[len(t.names)]...)
}

// parseObject reads an object's template: its metadata, a line of dashes, and the rest.
func parseObject(source string) (head, body *template) {
	metadata, rest, found := strings.Cut(source, "\n---\n")
	if !found {
		panic("an object's template has no line of dashes")
	}
	return parseTemplate(metadata), parseTemplate(rest)
}

// appendObject writes an object of a resource, or its metadata only.
func appendObject(out []byte, head, body *template, r *resource, metadataOnly bool, value func([]byte, string) []byte) []byte {
	apiVersion, kind := r.apiVersion(), r.kind
	if metadataOnly {
		apiVersion, kind = "meta.k8s.io/v1", "PartialObjectMetadata"
	}
	out = head.append(out, func(out []byte, name string) []byte {
		switch name {
		case "apiVersion":
			return append(out, apiVersion...)
		case "kind":
			return append(out, kind...)
		}
		return value(out, name)
	})
	if metadataOnly {
		return append(out, '}')
	}
	return body.append(out, value)
}
