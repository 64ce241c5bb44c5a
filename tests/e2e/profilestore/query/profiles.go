package query

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect"
	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

var errUnsupported = connect.NewError(connect.CodeUnimplemented, errors.New("this store answers with "+
	"PROFILE_FORMAT_FLAMEGRAPH only, and knows no selectors for stack traces, profiles or spans"))

// tree merges the profiles of a request, pruned to maxNodes frames.
func (q *Querier) tree(ctx context.Context, r *querierv1.SelectMergeStacktracesRequest, maxNodes int64) (
	*node, error) {
	root := &node{}
	start, end := r.Start, r.End
	if empty, err := clampRange(q.Limits, &start, &end, time.Now()); err != nil || empty {
		return root, err
	}
	profileType, err := parseProfileType(r.ProfileTypeID)
	if err != nil {
		return nil, err
	}
	matchers, err := parseSelector(r.LabelSelector, profileType.ID)
	if err != nil {
		return nil, err
	}
	if r.StackTraceSelector != nil || len(r.ProfileIdSelector) > 0 {
		return nil, errUnsupported
	}
	found := find(q.Store, tenant.From(ctx), start, end, matchers)
	err = load(ctx, q.Store, found, func(s series, p *profilev1.Profile) {
		profile.Fold(p, s.dimension, root.add)
	})
	if err != nil {
		return nil, err
	}
	root.finish()
	root.prune(maxNodes)
	return root, nil
}

// add is insert for samples as they come: those without weight or stack do not count.
func (n *node) add(stack []string, value int64) {
	if value > 0 && len(stack) > 0 {
		n.insert(stack, value)
	}
}

func (q *Querier) maxNodes(requested int64) (int64, error) {
	limit := q.Limits.FlamegraphNodesMax
	switch {
	case requested == 0:
		return q.Limits.FlamegraphNodesDefault, nil
	case limit != 0 && requested > limit:
		return 0, invalid("max flamegraph nodes limit %d is greater than allowed %d", requested, limit)
	case limit != 0 && requested < 0:
		return 0, invalid("max flamegraph nodes limit must be set (max allowed %d)", limit)
	}
	return requested, nil
}

// SelectMergeStacktraces draws the flame graph of everything that matches.
func (q *Querier) SelectMergeStacktraces(ctx context.Context,
	r *connect.Request[querierv1.SelectMergeStacktracesRequest]) (
	*connect.Response[querierv1.SelectMergeStacktracesResponse], error) {
	if r.Msg.Format > querierv1.ProfileFormat_PROFILE_FORMAT_FLAMEGRAPH {
		return nil, errUnsupported
	}
	limit, err := q.maxNodes(r.Msg.GetMaxNodes())
	if err != nil {
		return nil, err
	}
	root, err := q.tree(ctx, r.Msg, limit)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&querierv1.SelectMergeStacktracesResponse{
		Flamegraph: flameGraph(root, r.Msg.GetMaxNodes()),
	}), nil
}

// Diff lays two selections over each other.
func (q *Querier) Diff(ctx context.Context, r *connect.Request[querierv1.DiffRequest]) (
	*connect.Response[querierv1.DiffResponse], error) {
	limit, err := q.maxNodes(max(r.Msg.GetLeft().GetMaxNodes(), r.Msg.GetRight().GetMaxNodes()))
	if err != nil {
		return nil, err
	}
	var sides [2]*node
	for i, side := range []*querierv1.SelectMergeStacktracesRequest{r.Msg.GetLeft(), r.Msg.GetRight()} {
		if _, err := parseProfileType(side.GetProfileTypeID()); err != nil {
			return nil, err
		}
		if sides[i], err = q.tree(ctx, side, limit); err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(&querierv1.DiffResponse{
		Flamegraph: flameGraphDiff(sides[0], sides[1], limit),
	}), nil
}

// SelectSeries sums values over time. A point stands at the end of its step; the first step ends at the
// start of the range, so that it may hold profiles from before it.
func (q *Querier) SelectSeries(ctx context.Context, r *connect.Request[querierv1.SelectSeriesRequest]) (
	*connect.Response[querierv1.SelectSeriesResponse], error) {
	start, end := r.Msg.Start, r.Msg.End
	empty, err := clampRange(q.Limits, &start, &end, time.Now())
	if err != nil {
		return nil, err
	}
	if empty {
		return connect.NewResponse(&querierv1.SelectSeriesResponse{}), nil
	}
	profileType, err := parseProfileType(r.Msg.ProfileTypeID)
	if err != nil {
		return nil, err
	}
	step := int64(r.Msg.Step * 1000)
	if step < 1 {
		return nil, invalid("step must be >= 1ms")
	}
	matchers, err := parseSelector(r.Msg.LabelSelector, profileType.ID)
	if err != nil {
		return nil, err
	}
	if r.Msg.StackTraceSelector != nil {
		return nil, errUnsupported
	}
	first := start - step
	average := r.Msg.GetAggregation() == typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE
	lines := timeline{first: first, step: step, average: average, lines: map[string]*line{}}
	found := find(q.Store, tenant.From(ctx), first, end, matchers)
	err = load(ctx, q.Store, found, func(s series, p *profilev1.Profile) {
		lines.add(s.labels.Only(r.Msg.GroupBy), s.TimeMillis(), profile.Total(p, s.dimension))
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&querierv1.SelectSeriesResponse{Series: lines.series(int(r.Msg.GetLimit()))}), nil
}

type point struct{ sum, count float64 }

type line struct {
	labels profile.Labels
	points map[int64]*point
	total  float64
}

// timeline sums values by label set and step.
type timeline struct {
	first, step int64
	average     bool
	lines       map[string]*line
}

func (t *timeline) add(labels profile.Labels, at, value int64) {
	key := labels.String()
	l := t.lines[key]
	if l == nil {
		l = &line{labels: labels, points: map[int64]*point{}}
		t.lines[key] = l
	}
	stamp := t.first + (at-t.first+t.step-1)/t.step*t.step
	if l.points[stamp] == nil {
		l.points[stamp] = &point{}
	}
	l.points[stamp].sum += float64(value)
	l.points[stamp].count++
	l.total += float64(value)
}

// series returns the lines by their labels; with a limit only those with the largest totals.
func (t *timeline) series(limit int) []*typesv1.Series {
	lines := slices.SortedFunc(maps.Values(t.lines), func(a, b *line) int { return compareLabels(a.labels, b.labels) })
	if limit > 0 && limit < len(lines) {
		slices.SortStableFunc(lines, func(a, b *line) int { return cmp.Compare(b.total, a.total) })
		lines = lines[:limit]
	}
	series := make([]*typesv1.Series, 0, len(lines))
	for _, l := range lines {
		s := &typesv1.Series{Labels: l.labels.Pairs()}
		for _, stamp := range slices.Sorted(maps.Keys(l.points)) {
			value := l.points[stamp].sum
			if t.average {
				value /= l.points[stamp].count
			}
			s.Points = append(s.Points, &typesv1.Point{Value: value, Timestamp: stamp})
		}
		series = append(series, s)
	}
	return series
}
