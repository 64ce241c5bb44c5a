package profile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
)

// TooLargeError means that the decompressed profile exceeds the limit.
type TooLargeError struct{ Limit int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("decompressed size exceeds maximum allowed size of %d bytes", e.Limit)
}

// Decompress undoes gzip where there is any. A limit of 0 means none.
func Decompress(raw []byte, limit int) ([]byte, error) {
	if len(raw) < 2 || raw[0] != 0x1f || raw[1] != 0x8b {
		if limit > 0 && len(raw) > limit {
			return nil, &TooLargeError{limit}
		}
		return raw, nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var reader io.Reader = unzipped
	if limit > 0 {
		reader = io.LimitReader(unzipped, int64(limit)+1)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("copy to buffer: %w", err)
	}
	if limit > 0 && len(plain) > limit {
		return nil, &TooLargeError{limit}
	}
	return plain, nil
}

// Parse reads a pprof profile, gzip or plain.
func Parse(raw []byte, limit int) (*profilev1.Profile, error) {
	plain, err := Decompress(raw, limit)
	if err != nil {
		return nil, err
	}
	p := &profilev1.Profile{}
	// The generated decoder, not proto.Unmarshal: its messages are what clients of the server see.
	if err := p.UnmarshalVT(plain); err != nil {
		return nil, err
	}
	return p, nil
}

func text(p *profilev1.Profile, index int64) string {
	if index < 0 || int(index) >= len(p.StringTable) {
		return ""
	}
	return p.StringTable[index]
}

// SampleTypes lists the names of the profile's dimensions.
func SampleTypes(p *profilev1.Profile) []string {
	names := make([]string, 0, len(p.SampleType))
	for _, t := range p.SampleType {
		names = append(names, text(p, t.Type))
	}
	return names
}

// Types lists the profile's type identifiers, one for each dimension:
// name:sample-type:sample-unit:period-type:period-unit.
func Types(p *profilev1.Profile, name string) []string {
	var periodType, periodUnit string
	if p.PeriodType != nil {
		periodType, periodUnit = text(p, p.PeriodType.Type), text(p, p.PeriodType.Unit)
	}
	types := make([]string, 0, len(p.SampleType))
	for _, t := range p.SampleType {
		types = append(types, fmt.Sprintf("%s:%s:%s:%s:%s",
			name, text(p, t.Type), text(p, t.Unit), periodType, periodUnit))
	}
	return types
}

// Fold calls visit with every sample's stack, root first, and its value in the given dimension.
func Fold(p *profilev1.Profile, dimension int, visit func(stack []string, value int64)) {
	functions := make(map[uint64]string, len(p.Function))
	for _, f := range p.Function {
		functions[f.Id] = text(p, f.Name)
	}
	locations := make(map[uint64][]string, len(p.Location))
	for _, l := range p.Location {
		var frames []string // innermost inlined function first, as in the profile
		for _, line := range l.Line {
			frames = append(frames, functions[line.FunctionId])
		}
		if len(frames) == 0 {
			frames = []string{fmt.Sprintf("0x%x", l.Address)}
		}
		locations[l.Id] = frames
	}
	var stack []string
	for _, sample := range p.Sample {
		if dimension >= len(sample.Value) || sample.Value[dimension] == 0 {
			continue
		}
		stack = stack[:0]
		for i := len(sample.LocationId) - 1; i >= 0; i-- {
			frames := locations[sample.LocationId[i]]
			for j := len(frames) - 1; j >= 0; j-- {
				stack = append(stack, frames[j])
			}
		}
		visit(stack, sample.Value[dimension])
	}
}

// Total sums a dimension.
func Total(p *profilev1.Profile, dimension int) int64 {
	var total int64
	for _, sample := range p.Sample {
		if dimension < len(sample.Value) {
			total += sample.Value[dimension]
		}
	}
	return total
}
