package profile

import (
	"fmt"
	"time"
	"unicode/utf8"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	"github.com/prometheus/common/model"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
)

// Rejection is a refusal with the reason under which the server counts it.
type Rejection struct {
	Reason  string
	message string
}

func (r *Rejection) Error() string { return r.message }

// Rejectf makes a Rejection.
func Rejectf(reason, format string, arguments ...any) *Rejection {
	return &Rejection{reason, fmt.Sprintf(format, arguments...)}
}

const timeForm = "2006-01-02T15:04:05.999Z"

// ValidateLabels checks a label set against the limits.
func ValidateLabels(labels Labels, limits *config.Limits) error {
	if len(labels) > limits.MaxLabelNamesPerSeries {
		return Rejectf("max_label_names_per_series", "profile series '%s' has %d label names; limit %d",
			labels, len(labels), limits.MaxLabelNamesPerSeries)
	}
	invalid := func(reason, what string) error {
		return Rejectf(reason, "invalid labels '%s' with error: %s", labels, what)
	}
	if labels.Get(LabelName) == "" {
		return invalid("invalid_labels", "invalid metric name")
	}
	if labels.Get(LabelServiceName) == "" {
		return invalid("missing_labels", "service name is not provided")
	}
	last := ""
	for _, label := range labels {
		switch {
		case len(label.Name) > limits.MaxLabelNameLength:
			return Rejectf("label_name_too_long", "profile with labels '%s' has label name too long: '%s'",
				labels, label.Name)
		case len(label.Value) > limits.MaxLabelValueLength:
			return Rejectf("label_value_too_long", "profile with labels '%s' has label value too long: '%s'",
				labels, label.Value)
		case !model.UTF8Validation.IsValidLabelName(label.Name):
			return invalid("invalid_labels", "invalid label name '"+label.Name+"'")
		case !utf8.ValidString(label.Value):
			return invalid("invalid_labels", "invalid label value '"+label.Value+"'")
		case label.Name == last:
			return Rejectf("duplicate_label_names", "profile with labels '%s' has duplicate label name: '%s'",
				labels, label.Name)
		}
		last = label.Name
	}
	return nil
}

// Validate checks a profile and brings it into the form that is stored: it gets a time when it has
// none, and stacks that are too deep lose their innermost frames.
func Validate(p *profilev1.Profile, labels Labels, size int, limits *config.Limits, now time.Time) error {
	if len(p.SampleType) == 0 {
		return Rejectf("malformed_profile", "empty profile")
	}
	if p.TimeNanos <= 0 {
		p.TimeNanos = now.UnixNano()
	} else if err := checkWindow(p.TimeNanos, labels, limits, now); err != nil {
		return err
	}
	if limit := limits.MaxProfileSizeBytes; limit != 0 && size > limit {
		return Rejectf("profile_size_limit", "the profile with labels '%s' exceeds the size limit "+
			"(max_profile_size_byte, actual: %d, limit: %d)", labels, size, limit)
	}
	if limit := limits.MaxStacktraceSamples; limit != 0 && len(p.Sample) > limit {
		return Rejectf("samples_limit", "the profile with labels '%s' exceeds the samples count limit "+
			"(max_profile_stacktrace_samples, actual: %d, limit: %d)", labels, len(p.Sample), limit)
	}
	for _, sample := range p.Sample {
		if len(sample.Value) != len(p.SampleType) {
			return Rejectf("malformed_profile", "sample value length mismatch")
		}
		if limit := limits.MaxStacktraceDepth; limit != 0 && len(sample.LocationId) > limit {
			sample.LocationId = sample.LocationId[len(sample.LocationId)-limit:]
		}
	}
	return checkReferences(p)
}

func checkWindow(nanos int64, labels Labels, limits *config.Limits, now time.Time) error {
	from := now.Add(-time.Duration(limits.RejectOlderThan))
	to := now.Add(time.Duration(limits.RejectNewerThan))
	at := time.Unix(0, nanos)
	tooOld := limits.RejectOlderThan != 0 && !at.After(from)
	tooNew := limits.RejectNewerThan != 0 && !at.Before(to)
	if !tooOld && !tooNew {
		return nil
	}
	window := fmt.Sprintf("the ingestion window starts at %s and ends at %s",
		from.UTC().Format(timeForm), to.UTC().Format(timeForm))
	switch {
	case limits.RejectOlderThan == 0:
		window = "the ingestion window ends at " + to.UTC().Format(timeForm)
	case limits.RejectNewerThan == 0:
		window = "the ingestion window starts at " + from.UTC().Format(timeForm)
	}
	return Rejectf("not_in_ingestion_window", "profile with labels '%s' is outside of ingestion window "+
		"(profile timestamp: %s, %s)", labels, at.UTC().Format(timeForm), window)
}

// checkReferences makes sure that nothing in the profile points outside of its tables.
func checkReferences(p *profilev1.Profile) error {
	if len(p.StringTable) == 0 || p.StringTable[0] != "" {
		return Rejectf("malformed_profile", "string 0 should be empty string")
	}
	outside := func(indexes ...int64) bool {
		for _, index := range indexes {
			if index < 0 || index >= int64(len(p.StringTable)) {
				return true
			}
		}
		return false
	}
	for _, t := range p.SampleType {
		if outside(t.Type, t.Unit) {
			return Rejectf("malformed_profile", "sample type type string index out of range")
		}
	}
	if t := p.PeriodType; t != nil && outside(t.Type, t.Unit) {
		return Rejectf("malformed_profile", "period type string index out of range")
	}
	for _, sample := range p.Sample {
		for _, label := range sample.Label {
			if outside(label.Key, label.Str) {
				return Rejectf("malformed_profile", "sample label string index out of range")
			}
		}
	}
	for _, l := range p.Location {
		if l.Id == 0 {
			return Rejectf("malformed_profile", "location id is 0")
		}
	}
	for _, f := range p.Function {
		if f.Id == 0 {
			return Rejectf("malformed_profile", "function id is 0")
		}
		if outside(f.Name) {
			return Rejectf("malformed_profile", "function name string index out of range")
		}
	}
	return nil
}
