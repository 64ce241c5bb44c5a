package jfr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"regexp"
)

// Kind is the quantity that a sample measures; the numbers are those of JfrReader.java.
type Kind byte

// Kinds of samples.
const (
	CPU Kind = iota
	Wall
	AllocInNewTLAB
	AllocOutsideTLAB
	Lock
	ThreadPark
	LiveObject
	AllocSample
	Malloc
	kinds
)

// Recording is what the reader found.
type Recording struct {
	Event   string // that the profiler was set to: itimer, cpu, wall …
	Frames  []string
	Samples []Sample
}

// Sample sums the events with one stack.
type Sample struct {
	Kind  Kind
	Count int64
	Value int64   // bytes or nanoseconds, by kind
	Stack []int32 // indexes into Frames, leaf first
}

var errAnswer = errors.New("the JFR reader's answer is malformed")

// The JVM numbers the classes that it generates: stacks through them would never be merged. The numbers
// are replaced by "_", as the server does it.
var generated = []*regexp.Regexp{
	regexp.MustCompile(`^(jdk/internal/reflect/GeneratedMethodAccessor)\d+$`),
	regexp.MustCompile(`^(.+\$\$Lambda)(?:\$?\d*[./](?:0x)?[0-9a-f]+|\d+)$`),
	regexp.MustCompile(`^(.+\$\$EnhancerBySpringCGLIB\$\$).*$`),
}

func className(name string) string {
	for _, pattern := range generated {
		name = pattern.ReplaceAllString(name, "${1}_")
	}
	return name
}

// parse reads the form that JfrReader.java writes: big-endian numbers, strings after a 16-bit length.
func parse(body []byte) (*Recording, error) {
	in := decoder{reader: bytes.NewReader(body)}
	recording := &Recording{Event: in.text()}
	for range in.count() {
		class, method := in.text(), in.text()
		recording.Frames = append(recording.Frames, className(class)+"."+method)
	}
	for range in.count() {
		var sample Sample
		in.read(&sample.Kind)
		in.read(&sample.Count)
		in.read(&sample.Value)
		sample.Stack = make([]int32, in.count())
		in.read(sample.Stack)
		for _, frame := range sample.Stack {
			in.failed = in.failed || frame < 0 || int(frame) >= len(recording.Frames)
		}
		if in.failed = in.failed || sample.Kind >= kinds; in.failed {
			return nil, errAnswer
		}
		recording.Samples = append(recording.Samples, sample)
	}
	if in.failed || in.reader.Len() != 0 {
		return nil, errAnswer
	}
	return recording, nil
}

// decoder reads zeros after the first failure.
type decoder struct {
	reader *bytes.Reader
	failed bool
}

func (d *decoder) read(into any) {
	d.failed = d.failed || binary.Read(d.reader, binary.BigEndian, into) != nil
}

// count reads a number of things that follow; each takes at least a byte.
func (d *decoder) count() int {
	var n int32
	d.read(&n)
	if n < 0 || int(n) > d.reader.Len() {
		d.failed = true
	}
	if d.failed {
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	var length uint16
	d.read(&length)
	if d.failed {
		return ""
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(d.reader, text); err != nil {
		d.failed = true
	}
	return string(text)
}
