package jfr

import (
	"time"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
)

// Profile is one pprof profile made of a recording, and the name it is stored under.
type Profile struct {
	Name    string
	Profile *profilev1.Profile
}

// dimensions of a kind: the names and units that the server gives them.
var dimensions = [kinds]struct {
	name    string
	samples []string // type and unit in turn
	period  []string
}{
	CPU:  {"process_cpu", []string{"cpu", "nanoseconds"}, []string{"cpu", "nanoseconds"}},
	Wall: {"wall", []string{"wall", "nanoseconds"}, []string{"wall", "nanoseconds"}},
	AllocInNewTLAB: {"memory", []string{"alloc_in_new_tlab_objects", "count", "alloc_in_new_tlab_bytes", "bytes"},
		[]string{"space", "bytes"}},
	AllocOutsideTLAB: {"memory", []string{"alloc_outside_tlab_objects", "count", "alloc_outside_tlab_bytes", "bytes"},
		[]string{"space", "bytes"}},
	Lock:        {"mutex", []string{"contentions", "count", "delay", "nanoseconds"}, []string{"mutex", "count"}},
	ThreadPark:  {"block", []string{"contentions", "count", "delay", "nanoseconds"}, []string{"block", "count"}},
	LiveObject:  {"memory", []string{"live", "count"}, []string{"objects", "count"}},
	AllocSample: {"memory", []string{"alloc_sample_objects", "count", "alloc_sample_bytes", "bytes"}, []string{"space", "bytes"}},
	Malloc:      {"memory", []string{"malloc_objects", "count", "malloc_bytes", "bytes"}, nil},
}

// Profiles makes one profile for each kind of sample in the recording. sampleRate is in hertz: a CPU or
// wall-clock sample stands for its period.
func (r *Recording) Profiles(start, end time.Time, sampleRate int64) []Profile {
	var period int64
	if sampleRate > 0 {
		period = int64(time.Second) / sampleRate
	}
	var profiles []Profile
	for kind := range kinds {
		b := newBuilder(r, kind)
		for _, sample := range r.Samples {
			if sample.Kind != kind {
				continue
			}
			values := []int64{sample.Count, sample.Value}[:len(b.profile.SampleType)]
			if kind == CPU || kind == Wall {
				values[0] *= period
			}
			b.add(sample.Stack, values)
		}
		if len(b.profile.Sample) == 0 {
			continue
		}
		b.profile.TimeNanos, b.profile.DurationNanos = start.UnixNano(), end.Sub(start).Nanoseconds()
		profiles = append(profiles, Profile{dimensions[kind].name, b.profile})
	}
	return profiles
}

// builder writes the tables of one profile; only frames that its samples use get into it.
type builder struct {
	recording *Recording
	profile   *profilev1.Profile
	strings   map[string]int64
	locations map[int32]uint64 // by index of the frame; a location's function has the same id
}

func newBuilder(r *Recording, kind Kind) *builder {
	b := &builder{recording: r, strings: map[string]int64{"": 0}, locations: map[int32]uint64{},
		profile: &profilev1.Profile{StringTable: []string{""}}}
	types := dimensions[kind].samples
	for i := 0; i < len(types); i += 2 {
		b.profile.SampleType = append(b.profile.SampleType, b.valueType(types[i], types[i+1]))
	}
	if period := dimensions[kind].period; period != nil {
		b.profile.PeriodType = b.valueType(period[0], period[1])
	}
	return b
}

func (b *builder) text(s string) int64 {
	index, known := b.strings[s]
	if !known {
		index = int64(len(b.profile.StringTable))
		b.strings[s] = index
		b.profile.StringTable = append(b.profile.StringTable, s)
	}
	return index
}

func (b *builder) valueType(name, unit string) *profilev1.ValueType {
	return &profilev1.ValueType{Type: b.text(name), Unit: b.text(unit)}
}

func (b *builder) add(stack []int32, values []int64) {
	sample := &profilev1.Sample{Value: values}
	for _, frame := range stack {
		id, known := b.locations[frame]
		if !known {
			id = uint64(len(b.locations) + 1)
			b.locations[frame] = id
			b.profile.Function = append(b.profile.Function,
				&profilev1.Function{Id: id, Name: b.text(b.recording.Frames[frame])})
			b.profile.Location = append(b.profile.Location,
				&profilev1.Location{Id: id, Line: []*profilev1.Line{{FunctionId: id}}})
		}
		sample.LocationId = append(sample.LocationId, id)
	}
	b.profile.Sample = append(b.profile.Sample, sample)
}
