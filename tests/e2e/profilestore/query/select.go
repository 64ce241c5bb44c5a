package query

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
)

var selectors = parser.NewParser(parser.Options{})

func invalid(format string, arguments ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, arguments...))
}

// parseProfileType reads name:sample-type:sample-unit:period-type:period-unit with an optional :delta.
func parseProfileType(id string) (*typesv1.ProfileType, error) {
	parts := strings.Split(id, ":")
	if len(parts) != 5 && (len(parts) != 6 || parts[5] != "delta") {
		return nil, invalid("profile-type selection must be of the form <name>:<sample-type>:"+
			"<sample-unit>:<period-type>:<period-unit>(:delta), got(%d): %q", len(parts), id)
	}
	return &typesv1.ProfileType{ID: strings.Join(parts[:5], ":"), Name: parts[0], SampleType: parts[1],
		SampleUnit: parts[2], PeriodType: parts[3], PeriodUnit: parts[4]}, nil
}

func parseMatchers(texts []string) ([]*labels.Matcher, error) {
	var matchers []*labels.Matcher
	for _, text := range texts {
		parsed, err := selectors.ParseMetricSelector(text)
		if err != nil {
			return nil, invalid("parsing label selector: failed to parse label selector %q: %w", text, err)
		}
		matchers = append(matchers, parsed...)
	}
	return matchers, nil
}

// parseSelector reads a label selector and adds the profile type to it.
func parseSelector(text, profileType string) ([]*labels.Matcher, error) {
	matchers, err := selectors.ParseMetricSelector(text)
	if err != nil {
		return nil, invalid("parsing label selector %q: %w", text, err)
	}
	byType, err := labels.NewMatcher(labels.MatchEqual, profile.LabelProfileType, profileType)
	if err != nil {
		return nil, invalid("parsing profile type ID %q: %w", profileType, err)
	}
	return append(matchers, byType), nil
}

// clampRange refuses and shortens a query's time range as the limits ask. Times are in milliseconds.
func clampRange(limits *config.Limits, start, end *int64, now time.Time) (empty bool, err error) {
	if *start == 0 || *end == 0 {
		return false, invalid("missing time range in the query")
	}
	if *start > *end {
		return false, invalid("query start time is after end time")
	}
	if lookback := time.Duration(limits.MaxQueryLookback); lookback > 0 {
		oldest := now.Add(-lookback).UnixMilli()
		if *end < oldest {
			return true, nil
		}
		*start = max(*start, oldest)
	}
	length := time.Duration(*end-*start) * time.Millisecond
	if limit := limits.MaxQueryLength; limit > 0 && length > time.Duration(limit) {
		return false, invalid("the query time range exceeds the limit (max_query_length, actual: %s, limit: %s)",
			length, model.Duration(limit))
	}
	return false, nil
}

// series is one dimension of a stored profile, with the labels that a query sees.
type series struct {
	store.Ref
	dimension int
	labels    profile.Labels
}

// find lists the series that match, in the order in which they were stored.
func find(s *store.Store, tenant string, start, end int64, matchers []*labels.Matcher) []series {
	var found []series
	for _, ref := range s.Select(tenant, start, end) {
		for dimension, profileType := range ref.Types {
			candidate := series{ref, dimension, extend(ref.Labels, profileType)}
			if matches(candidate.labels, matchers) {
				found = append(found, candidate)
			}
		}
	}
	return found
}

// extend adds the labels that the server derives from a profile type.
func extend(base profile.Labels, profileType string) profile.Labels {
	parts := strings.SplitN(profileType, ":", 5)
	return base.With(profile.LabelProfileType, profileType).
		With("__type__", parts[1]).With("__unit__", parts[2]).
		With("__period_type__", parts[3]).With("__period_unit__", parts[4]).
		With("__service_name__", base.Get(profile.LabelServiceName))
}

func matches(set profile.Labels, matchers []*labels.Matcher) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(set.Get(matcher.Name)) {
			return false
		}
	}
	return true
}

const readers = 8 // blocks that one query reads at the same time

// load reads the profiles of the series and calls visit with each, one call at a time.
func load(ctx context.Context, s *store.Store, found []series, visit func(series, *profilev1.Profile)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mutex sync.Mutex
	var done sync.WaitGroup
	work := make(chan series)
	for range min(readers, len(found)) {
		done.Go(func() {
			for item := range work {
				p, err := s.Load(ctx, item.Ref)
				if err != nil {
					cancel(err)
					continue
				}
				mutex.Lock()
				visit(item, p)
				mutex.Unlock()
			}
		})
	}
	for _, item := range found {
		if ctx.Err() != nil {
			break
		}
		work <- item
	}
	close(work)
	done.Wait()
	if ctx.Err() != nil {
		return connect.NewError(connect.CodeInternal, context.Cause(ctx))
	}
	return nil
}
