package judge

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"

	"profiling.dev/profiling-operator/tests/faults/world"
)

// Difference is one place in which two states are not the same.
type Difference struct {
	Object, Path  string
	Wanted, Found any
}

func (d Difference) String() string {
	if d.Path == "" {
		return fmt.Sprintf("%s: %v instead of %v", d.Object, d.Found, d.Wanted)
	}
	return fmt.Sprintf("%s: %s is %s instead of %s", d.Object, d.Path, short(d.Found), short(d.Wanted))
}

func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > 160 {
		return string(text[:160]) + "…"
	}
	return string(text)
}

// Transition times carry no state.
var alwaysMasked = map[string]bool{"lastTransitionTime": true, "startTime": true, "creationTimestamp": true}

// Compare lists the differences outside of masked paths, in order.
func Compare(wanted, found world.Snapshot, masked map[string]map[string]bool) []Difference {
	var all []Difference
	for _, key := range keysOf(wanted, found) {
		w, inWanted := wanted[key]
		f, inFound := found[key]
		switch {
		case !inFound:
			all = append(all, Difference{key, "", "there", "missing"})
		case !inWanted:
			all = append(all, Difference{key, "", "missing", "there"})
		default:
			compare(map[string]any(w), map[string]any(f), "", masked[key], func(path string, a, b any) {
				all = append(all, Difference{key, path, a, b})
			})
		}
	}
	return all
}

func keysOf(snapshots ...world.Snapshot) []string {
	seen := map[string]bool{}
	var keys []string
	for _, s := range snapshots {
		for key := range s {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	sort.Strings(keys)
	return keys
}

func compare(a, b any, path string, masked map[string]bool, differ func(path string, a, b any)) {
	if masked[path] {
		return
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			differ(path, a, b)
			return
		}
		names := map[string]bool{}
		for name := range x {
			names[name] = true
		}
		for name := range y {
			names[name] = true
		}
		sorted := make([]string, 0, len(names))
		for name := range names {
			sorted = append(sorted, name)
		}
		sort.Strings(sorted)
		for _, name := range sorted {
			if !alwaysMasked[name] {
				compare(x[name], y[name], path+"/"+name, masked, differ)
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			differ(path, a, b)
			return
		}
		for i := range x {
			compare(x[i], y[i], path+"/"+strconv.Itoa(i), masked, differ)
		}
	default:
		if fmt.Sprint(a) != fmt.Sprint(b) {
			differ(path, a, b)
		}
	}
}

// Mask is what differs between runs without faults, so that it cannot be compared. An object that is not
// in all of them is an error: the workload is not deterministic.
func Mask(runs []world.Snapshot) (map[string]map[string]bool, error) {
	masked := map[string]map[string]bool{}
	for _, other := range runs[1:] {
		for _, d := range Compare(runs[0], other, nil) {
			if d.Path == "" {
				return nil, fmt.Errorf("runs without faults differ: %s", d)
			}
			if masked[d.Object] == nil {
				masked[d.Object] = map[string]bool{}
			}
			masked[d.Object][d.Path] = true
		}
	}
	return masked, nil
}
