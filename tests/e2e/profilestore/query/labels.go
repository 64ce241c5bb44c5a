package query

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/prometheus/common/model"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

// Querier serves the methods of querier.v1.QuerierService that the operator and its tests use; the
// embedded handler refuses the others.
type Querier struct {
	querierv1connect.UnimplementedQuerierServiceHandler
	Limits *config.Limits
	Store  *store.Store
}

// A request without times means the last hour.
const defaultRange = time.Hour

// seek finds the series of a request about labels. A range that is too old finds none.
func (q *Querier) seek(ctx context.Context, start, end int64, matchers []string) ([]series, error) {
	empty, err := clampRange(q.Limits, &start, &end, time.Now())
	if err != nil || empty {
		return nil, err
	}
	parsed, err := parseMatchers(matchers)
	if err != nil {
		return nil, err
	}
	return find(q.Store, tenant.From(ctx), start, end, parsed), nil
}

// LabelValues lists the values of one label.
func (q *Querier) LabelValues(ctx context.Context, r *connect.Request[typesv1.LabelValuesRequest]) (
	*connect.Response[typesv1.LabelValuesResponse], error) {
	if r.Msg.Name == "" {
		return nil, invalid("name is required")
	}
	found, err := q.seek(ctx, r.Msg.Start, r.Msg.End, r.Msg.Matchers)
	if err != nil {
		return nil, err
	}
	values := map[string]bool{}
	for _, s := range found {
		if value := s.labels.Get(r.Msg.Name); value != "" {
			values[value] = true
		}
	}
	return connect.NewResponse(&typesv1.LabelValuesResponse{Names: slices.Sorted(maps.Keys(values))}), nil
}

// LabelNames lists the names of labels; those with characters that older clients do not know, such as
// dots, are left out, as by the server.
func (q *Querier) LabelNames(ctx context.Context, r *connect.Request[typesv1.LabelNamesRequest]) (
	*connect.Response[typesv1.LabelNamesResponse], error) {
	found, err := q.seek(ctx, r.Msg.Start, r.Msg.End, r.Msg.Matchers)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&typesv1.LabelNamesResponse{Names: labelNames(found)}), nil
}

func labelNames(found []series) []string {
	names := map[string]bool{}
	for _, s := range found {
		for _, label := range s.labels {
			if model.LegacyValidation.IsValidLabelName(label.Name) {
				names[label.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// ProfileTypes lists what was measured.
func (q *Querier) ProfileTypes(ctx context.Context, r *connect.Request[querierv1.ProfileTypesRequest]) (
	*connect.Response[querierv1.ProfileTypesResponse], error) {
	start, end := r.Msg.Start, r.Msg.End
	if start == 0 && end == 0 {
		now := time.Now()
		start, end = now.Add(-defaultRange).UnixMilli(), now.UnixMilli()
	}
	found, err := q.seek(ctx, start, end, nil)
	if err != nil {
		return nil, err
	}
	types := map[string]*typesv1.ProfileType{}
	for _, s := range found {
		id := s.labels.Get(profile.LabelProfileType)
		if types[id] == nil {
			if types[id], err = parseProfileType(id); err != nil {
				return nil, err
			}
		}
	}
	response := &querierv1.ProfileTypesResponse{}
	for _, id := range slices.Sorted(maps.Keys(types)) {
		response.ProfileTypes = append(response.ProfileTypes, types[id])
	}
	return connect.NewResponse(response), nil
}

// Series lists distinct label sets, cut down to the requested names.
func (q *Querier) Series(ctx context.Context, r *connect.Request[querierv1.SeriesRequest]) (
	*connect.Response[querierv1.SeriesResponse], error) {
	found, err := q.seek(ctx, r.Msg.Start, r.Msg.End, r.Msg.Matchers)
	if err != nil {
		return nil, err
	}
	names := r.Msg.LabelNames
	if len(names) == 0 {
		names = labelNames(found)
	}
	sets := map[string]profile.Labels{}
	for _, s := range found {
		if set := s.labels.Only(names); len(set) > 0 {
			sets[set.String()] = set
		}
	}
	response := &querierv1.SeriesResponse{}
	for _, set := range slices.SortedFunc(maps.Values(sets), compareLabels) {
		response.LabelsSet = append(response.LabelsSet, &typesv1.Labels{Labels: set.Pairs()})
	}
	return connect.NewResponse(response), nil
}

func compareLabels(a, b profile.Labels) int {
	return slices.CompareFunc(a, b, func(x, y profile.Label) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Value, y.Value))
	})
}
