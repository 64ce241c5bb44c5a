package query

import (
	"reflect"
	"strings"
	"testing"
	"time"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

func tree(stacks map[string]int64) *node {
	root := &node{}
	for stack, value := range stacks {
		root.add(strings.Split(stack, ";"), value)
	}
	root.finish()
	return root
}

func values(levels []*querierv1.Level) [][]int64 {
	var rows [][]int64
	for _, level := range levels {
		rows = append(rows, level.Values)
	}
	return rows
}

func TestFlameGraph(t *testing.T) {
	graph := flameGraph(tree(map[string]int64{"main;a": 3, "main;b;c": 4, "main": 1, "idle": 2}), 0)
	if want := []string{"total", "main", "b", "c", "a", "idle"}; !reflect.DeepEqual(graph.Names, want) {
		t.Errorf("names %v, want %v", graph.Names, want)
	}
	want := [][]int64{
		{0, 10, 0, 0},
		{0, 2, 2, 5, 0, 8, 1, 1},
		{3, 3, 3, 4, 0, 4, 0, 2}, // after idle (2) and main's own 1
		{6, 4, 4, 3},
	}
	if got := values(graph.Levels); !reflect.DeepEqual(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
	if graph.Total != 10 || graph.MaxSelf != 4 {
		t.Errorf("total %d, max self %d", graph.Total, graph.MaxSelf)
	}
}

func TestFlameGraphOfNothing(t *testing.T) {
	graph := flameGraph(tree(nil), 16)
	if !reflect.DeepEqual(graph.Names, []string{"total"}) || !reflect.DeepEqual(values(graph.Levels), [][]int64{{0, 0, 0, 0}}) {
		t.Errorf("%v", graph)
	}
}

func TestSmallFramesBecomeOther(t *testing.T) {
	stacks := map[string]int64{"main;hot": 90, "main;warm": 6, "main;cold": 3, "gc": 1}
	root := tree(stacks)
	root.prune(2)
	graph := flameGraph(root, 2)
	if want := []string{"total", "other", "main", "hot"}; !reflect.DeepEqual(graph.Names, want) {
		t.Errorf("names %v, want %v", graph.Names, want)
	}
	want := [][]int64{{0, 100, 0, 0}, {0, 99, 0, 2, 0, 1, 1, 1}, {0, 90, 0 + 90, 3, 0, 9, 9, 1}}
	if got := values(graph.Levels); !reflect.DeepEqual(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
	if whole := flameGraph(tree(stacks), 5); len(whole.Names) != 6 {
		t.Errorf("five frames fit: %v", whole.Names)
	}
}

func TestDiff(t *testing.T) {
	graph := flameGraphDiff(tree(map[string]int64{"main;a": 3, "main;b": 1}), tree(map[string]int64{"main;a": 1, "new": 5}), 100)
	if want := []string{"total", "new", "main", "b", "a"}; !reflect.DeepEqual(graph.Names, want) {
		t.Errorf("names %v, want %v", graph.Names, want)
	}
	want := [][]int64{
		{0, 4, 0, 0, 6, 0, 0},
		{0, 4, 0, 0, 1, 0, 2, 0, 0, 0, 0, 5, 5, 1},
		{0, 3, 3, 0, 1, 1, 4, 0, 1, 1, 0, 0, 0, 3},
	}
	if got := values(graph.Levels); !reflect.DeepEqual(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
	if graph.LeftTicks != 4 || graph.RightTicks != 6 || graph.Total != 10 || graph.MaxSelf != 5 {
		t.Errorf("%+v", graph)
	}
}

func TestClampRange(t *testing.T) {
	limits := config.Default().Limits
	now := time.UnixMilli(100 * 24 * 3600 * 1000)
	hours := func(h float64) int64 { return now.Add(time.Duration(h * float64(time.Hour))).UnixMilli() }
	for name, test := range map[string]struct {
		start, end, wantStart int64
		empty                 bool
		failure               string
	}{
		"an hour":        {start: hours(-1), end: hours(0), wantStart: hours(-1)},
		"a day":          {start: hours(-24), end: hours(0), wantStart: hours(-24)},
		"over a day":     {start: hours(-24.5), end: hours(0), failure: "actual: 24h30m0s, limit: 1d)"},
		"too old":        {start: hours(-24 * 9), end: hours(-24 * 8), wantStart: hours(-24 * 9), empty: true},
		"partly too old": {start: hours(-24 * 30), end: hours(-24*7 + 1), wantStart: hours(-24 * 7)},
		"no start":       {end: hours(0), failure: "missing time range"},
		"turned around":  {start: hours(0), end: hours(-1), failure: "query start time is after end time"},
	} {
		start, end := test.start, test.end
		empty, err := clampRange(&limits, &start, &end, now)
		if test.failure != "" {
			if err == nil || !strings.Contains(err.Error(), test.failure) {
				t.Errorf("%s: got %v, want %q", name, err, test.failure)
			}
			continue
		}
		if err != nil || empty != test.empty || start != test.wantStart || end != test.end {
			t.Errorf("%s: %d to %d, empty %v, %v", name, start, end, empty, err)
		}
	}
}

func TestSelectors(t *testing.T) {
	set := extend(profile.Labels{{Name: "__name__", Value: "memory"}, {Name: "service_name", Value: "shop"}}, "memory:alloc_space:bytes:space:bytes")
	for selector, want := range map[string]bool{
		`{}`: true, `{service_name="shop"}`: true, `{service_name="sho"}`: false, `{service_name=~"sho."}`: true,
		`{service_name=~"sho"}`: false, `{service_name!="shop"}`: false, `{service_name!~"x.*"}`: true,
		`{absent=""}`: true, `{absent!=""}`: false, `{__type__="alloc_space",__unit__="bytes"}`: true,
		`{__period_type__="space",__service_name__="shop"}`: true,
	} {
		matchers, err := parseMatchers([]string{selector})
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			continue
		}
		if got := matches(set, matchers); got != want {
			t.Errorf("%s: %v", selector, got)
		}
	}
}

func TestProfileTypes(t *testing.T) {
	for id, valid := range map[string]bool{"a:b:c:d:e": true, "a:b:c:d:e:delta": true, "a:b:c:d:e:f": false, "a:b:c:d": false, "": false} {
		parsed, err := parseProfileType(id)
		if (err == nil) != valid || valid && parsed.ID != "a:b:c:d:e" {
			t.Errorf("%q: %v, %v", id, parsed, err)
		}
	}
}

func TestTimeline(t *testing.T) {
	lines := timeline{first: 0, step: 10, lines: map[string]*line{}}
	b, a := profile.Labels{{Name: "s", Value: "b"}}, profile.Labels{{Name: "s", Value: "a"}}
	for _, sample := range []struct {
		labels    profile.Labels
		at, value int64
	}{{b, 1, 1}, {b, 10, 2}, {b, 11, 4}, {a, 0, 100}} {
		lines.add(sample.labels, sample.at, sample.value)
	}
	series := lines.series(0)
	if len(series) != 2 || series[0].Labels[0].Value != "a" || series[0].Points[0].Timestamp != 0 {
		t.Fatalf("%v", series)
	}
	points := series[1].Points
	if len(points) != 2 || points[0].Timestamp != 10 || points[0].Value != 3 || points[1].Timestamp != 20 || points[1].Value != 4 {
		t.Errorf("%v", points)
	}
	lines.average = true
	if got := lines.series(0)[1].Points[0].Value; got != 1.5 {
		t.Errorf("average %v", got)
	}
	if top := lines.series(1); len(top) != 1 || top[0].Labels[0].Value != "a" {
		t.Errorf("%v", top)
	}
}
