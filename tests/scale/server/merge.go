package main

import "maps"

// merge applies a JSON merge patch (RFC 7386) to a map in place. Server-side apply is played with it
// too: one manager that forces its fields, as the operator does, sees no difference but in
// managedFields, which this server does not keep.
func merge(into, patch map[string]any) {
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(into, key)
		case map[string]any:
			old, ok := into[key].(map[string]any)
			if !ok {
				old = map[string]any{}
			}
			merge(old, value)
			into[key] = old
		default:
			into[key] = value
		}
	}
}

// deepCopy copies maps; lists and scalars are never changed in place.
func deepCopy(object map[string]any) map[string]any {
	out := maps.Clone(object)
	if out == nil {
		return map[string]any{}
	}
	for key, value := range out {
		if m, ok := value.(map[string]any); ok {
			out[key] = deepCopy(m)
		}
	}
	return out
}
