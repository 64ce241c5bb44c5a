package profile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
)

// small has two stacks: main>work and main>wait, the first sampled in two threads.
func small() *profilev1.Profile {
	return &profilev1.Profile{
		StringTable: []string{"", "cpu", "nanoseconds", "main", "work", "wait", "thread", "a", "b", "span_id"},
		SampleType:  []*profilev1.ValueType{{Type: 1, Unit: 2}},
		PeriodType:  &profilev1.ValueType{Type: 1, Unit: 2},
		Function:    []*profilev1.Function{{Id: 1, Name: 3}, {Id: 2, Name: 4}, {Id: 3, Name: 5}},
		Location: []*profilev1.Location{
			{Id: 1, Line: []*profilev1.Line{{FunctionId: 1}}},
			{Id: 2, Line: []*profilev1.Line{{FunctionId: 2}}},
			{Id: 3, Line: []*profilev1.Line{{FunctionId: 3}, {FunctionId: 1}}}, // wait inlined into main
		},
		Sample: []*profilev1.Sample{
			{LocationId: []uint64{2, 1}, Value: []int64{10}, Label: []*profilev1.Label{{Key: 6, Str: 7}}},
			{LocationId: []uint64{2, 1}, Value: []int64{20}, Label: []*profilev1.Label{{Key: 6, Str: 8}, {Key: 9, Str: 7}}},
			{LocationId: []uint64{3}, Value: []int64{5}},
			{LocationId: []uint64{1}, Value: []int64{0}},
		},
	}
}

func TestFoldUnrollsInlinedFrames(t *testing.T) {
	var got []string
	Fold(small(), 0, func(stack []string, value int64) { got = append(got, strings.Join(stack, ">")) })
	if want := []string{"main>work", "main>work", "main>wait"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Types(small(), "process_cpu"); !slices.Equal(got, []string{"process_cpu:cpu:nanoseconds:cpu:nanoseconds"}) {
		t.Error(got)
	}
}

func TestSplitMakesSeriesOfSampleLabels(t *testing.T) {
	base := Labels{{"__name__", "process_cpu"}, {"service_name", "s"}}
	series := Split(base, small())
	var got []string
	for _, s := range series {
		got = append(got, s.Labels.Get("thread"))
		if s.Labels.Get("span_id") != "" {
			t.Errorf("a correlation label became a series label: %s", s.Labels)
		}
	}
	if !slices.Equal(got, []string{"a", "b", ""}) {
		t.Errorf("threads %v", got)
	}
	if own := Split(base.With("thread", "mine"), small()); len(own) != 1 || len(own[0].Profile.Sample) != 3 {
		t.Errorf("the series' own label must win: %d series", len(own))
	}
}

func TestParse(t *testing.T) {
	plain, err := small().MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	if _, err := writer.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	for _, raw := range [][]byte{plain, zipped.Bytes()} {
		p, err := Parse(raw, len(plain))
		if err != nil || len(p.Sample) != 4 {
			t.Errorf("%v, %v", p, err)
		}
		var large *TooLargeError
		if _, err := Parse(raw, len(plain)-1); !errors.As(err, &large) {
			t.Errorf("over the limit: %v", err)
		}
	}
	for _, raw := range []string{"not a profile", "\x1f\x8b", "\x1f\x8bxxxxxxxxxxxx"} {
		if _, err := Parse([]byte(raw), 0); err == nil {
			t.Errorf("%q was taken", raw)
		}
	}
	if _, err := Parse(zipped.Bytes()[:zipped.Len()-9], 0); err == nil {
		t.Error("a cut off profile was taken")
	}
}

func TestValidate(t *testing.T) {
	now := time.Now()
	limits := config.Default().Limits
	labels := Labels{{"service_name", "s"}}
	for name, test := range map[string]struct {
		change func(*profilev1.Profile)
		reason string
	}{
		"as it is":       {func(*profilev1.Profile) {}, ""},
		"of now":         {func(p *profilev1.Profile) { p.TimeNanos = now.UnixNano() }, ""},
		"too old":        {func(p *profilev1.Profile) { p.TimeNanos = now.Add(-2 * time.Hour).UnixNano() }, "not_in_ingestion_window"},
		"of the future":  {func(p *profilev1.Profile) { p.TimeNanos = now.Add(time.Hour).UnixNano() }, "not_in_ingestion_window"},
		"without types":  {func(p *profilev1.Profile) { p.SampleType = nil }, "malformed_profile"},
		"bad name":       {func(p *profilev1.Profile) { p.Function[0].Name = 99 }, "malformed_profile"},
		"negative name":  {func(p *profilev1.Profile) { p.Function[0].Name = -1 }, "malformed_profile"},
		"bad type":       {func(p *profilev1.Profile) { p.SampleType[0].Unit = 99 }, "malformed_profile"},
		"bad period":     {func(p *profilev1.Profile) { p.PeriodType.Type = 99 }, "malformed_profile"},
		"bad label":      {func(p *profilev1.Profile) { p.Sample[0].Label[0].Str = 99 }, "malformed_profile"},
		"location 0":     {func(p *profilev1.Profile) { p.Location[0].Id = 0 }, "malformed_profile"},
		"function 0":     {func(p *profilev1.Profile) { p.Function[0].Id = 0 }, "malformed_profile"},
		"missing value":  {func(p *profilev1.Profile) { p.Sample[0].Value = nil }, "malformed_profile"},
		"no strings":     {func(p *profilev1.Profile) { p.StringTable = nil }, "malformed_profile"},
		"string 0 taken": {func(p *profilev1.Profile) { p.StringTable[0] = "x" }, "malformed_profile"},
	} {
		p := small()
		test.change(p)
		err := Validate(p, labels, 1, &limits, now)
		var rejection *Rejection
		if test.reason == "" && (err != nil || p.TimeNanos != now.UnixNano()) {
			t.Errorf("%s: %v", name, err)
		}
		if test.reason != "" && (!errors.As(err, &rejection) || rejection.Reason != test.reason) {
			t.Errorf("%s: got %v, want %s", name, err, test.reason)
		}
	}
	if err := Validate(small(), labels, limits.MaxProfileSizeBytes+1, &limits, now); err == nil {
		t.Error("a large profile was taken")
	}
	limits.MaxStacktraceSamples = 2
	if err := Validate(small(), labels, 1, &limits, now); err == nil {
		t.Error("a profile with many samples was taken")
	}
	limits.MaxStacktraceSamples, limits.MaxStacktraceDepth = 0, 1
	deep := small()
	if err := Validate(deep, labels, 1, &limits, now); err != nil || !slices.Equal(deep.Sample[0].LocationId, []uint64{1}) {
		t.Errorf("the outermost frames must stay: %v, %v", deep.Sample[0].LocationId, err)
	}
}

func TestValidateLabels(t *testing.T) {
	limits := config.Default().Limits
	good := Labels{{"__name__", "process_cpu"}, {"service_name", "s"}}
	many := good
	for i := range 29 {
		many = many.With("l"+strings.Repeat("x", i), "v")
	}
	for want, labels := range map[string]Labels{
		"invalid labels '{service_name=\"s\"}' with error: invalid metric name":                {{"service_name", "s"}},
		"invalid labels '{__name__=\"process_cpu\"}' with error: service name is not provided": {{"__name__", "process_cpu"}},
		"has 31 label names; limit 30":             many,
		"has label name too long":                  good.With(strings.Repeat("n", 1025), "v"),
		"has label value too long":                 good.With("n", strings.Repeat("v", 2049)),
		"has duplicate label name: 'service_name'": append(slices.Clone(good), Label{"service_name", "t"}),
		"with error: invalid label value '\xff'":   good.With("z", "\xff"),
		"with error: invalid label name '\xff'":    good.With("\xff", "v"),
	} {
		if err := ValidateLabels(labels, &limits); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := ValidateLabels(good.With("with.dot", "v"), &limits); err != nil {
		t.Error(err)
	}
}
