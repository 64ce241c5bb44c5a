package profile

import (
	"slices"
	"strings"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
)

// Series is a profile under the labels that it is stored with.
type Series struct {
	Labels  Labels
	Profile *profilev1.Profile
}

// Sample labels that identify a request, not a series.
var correlationLabels = []string{"profile_id", "span_id", "trace_id"}

// Split turns the string labels of samples into labels of the series, as the server does: one series for
// each distinct set. Labels of the series win over equal names in samples. Samples without any value are
// dropped; a profile that has none left gives no series.
func Split(labels Labels, p *profilev1.Profile) []Series {
	var order []string
	groups := map[string]*Series{}
	for _, sample := range p.Sample {
		if !slices.ContainsFunc(sample.Value, func(v int64) bool { return v != 0 }) {
			continue
		}
		extended := withSampleLabels(labels, sample, p)
		key := extended.String()
		group, known := groups[key]
		if !known {
			group = &Series{Labels: extended, Profile: withoutSamples(p)}
			groups[key] = group
			order = append(order, key)
		}
		group.Profile.Sample = append(group.Profile.Sample, sample)
	}
	series := make([]Series, 0, len(order))
	for _, key := range order {
		series = append(series, *groups[key])
	}
	return series
}

func withSampleLabels(labels Labels, sample *profilev1.Sample, p *profilev1.Profile) Labels {
	for _, label := range sample.Label {
		name, value := text(p, label.Key), text(p, label.Str)
		if name == "" || value == "" || strings.HasPrefix(name, "__") ||
			slices.Contains(correlationLabels, name) || labels.Get(name) != "" {
			continue
		}
		labels = labels.With(name, value)
	}
	return labels
}

// withoutSamples shares the tables, which nothing changes after validation.
func withoutSamples(p *profilev1.Profile) *profilev1.Profile {
	return &profilev1.Profile{
		SampleType: p.SampleType, Mapping: p.Mapping, Location: p.Location, Function: p.Function,
		StringTable: p.StringTable, DropFrames: p.DropFrames, KeepFrames: p.KeepFrames,
		TimeNanos: p.TimeNanos, DurationNanos: p.DurationNanos, PeriodType: p.PeriodType,
		Period: p.Period, Comment: p.Comment, DefaultSampleType: p.DefaultSampleType,
	}
}
