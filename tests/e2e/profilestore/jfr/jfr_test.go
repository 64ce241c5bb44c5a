package jfr

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

var compiled string // class path

// The reader needs a JDK, as building its image does.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "jfr-reader-")
	if err != nil {
		panic(err)
	}
	output, err := exec.Command("javac", "-Xlint:all", "-Werror", "-d", dir, "reader/JfrReader.java").CombinedOutput()
	if err != nil {
		panic("javac: " + err.Error() + "\n" + string(output))
	}
	compiled = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// recording is what a Java agent really sent.
func recording(t *testing.T) []byte {
	t.Helper()
	body, err := os.ReadFile("../../../conformance/inputs/java-ingest.multipart")
	if err != nil {
		t.Fatal(err)
	}
	_, content, _ := strings.Cut(string(body), "\r\n\r\n")
	content = content[:strings.LastIndex(content, "\r\n--")]
	plain, err := profile.Decompress([]byte(content), 0)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestReadsWhatTheAgentSent(t *testing.T) {
	reader := NewReader("java", compiled)
	defer reader.Close()
	for range 2 { // the second one by the process that is there
		found, err := reader.Read(context.Background(), recording(t))
		if err != nil {
			t.Fatal(err)
		}
		if found.Event != "itimer" || !slices.Contains(found.Frames, "App.fib") {
			t.Errorf("event %q, frames %v", found.Event, found.Frames)
		}
		start := time.Unix(1000, 0)
		profiles := found.Profiles(start, start.Add(5*time.Second), 100)
		if len(profiles) != 1 || profiles[0].Name != "process_cpu" {
			t.Fatalf("%d profiles", len(profiles))
		}
		p := profiles[0].Profile
		if got := profile.Total(p, 0); got != 467*10_000_000 { // `jfr summary` counts 467 samples
			t.Errorf("total %d", got)
		}
		if got := profile.Types(p, "process_cpu"); !slices.Equal(got, []string{"process_cpu:cpu:nanoseconds:cpu:nanoseconds"}) {
			t.Errorf("%v", got)
		}
		if p.TimeNanos != start.UnixNano() || p.DurationNanos != 5e9 {
			t.Errorf("time %d, duration %d", p.TimeNanos, p.DurationNanos)
		}
		profile.Fold(p, 0, func(stack []string, _ int64) {
			if stack[len(stack)-1] == "App.main" && len(stack) > 1 && stack[0] == "App.fib" {
				t.Errorf("the root must come first: %v", stack)
			}
		})
	}
}

func TestGarbageIsRefusedAndTheNextRecordingRead(t *testing.T) {
	reader := NewReader("java", compiled)
	defer reader.Close()
	whole := recording(t)
	for _, bad := range [][]byte{nil, []byte("not a recording"), whole[:100], whole[:len(whole)/2]} {
		if _, err := reader.Read(context.Background(), bad); err == nil || !strings.Contains(err.Error(), "jfr parser error: ") {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	if _, err := reader.Read(context.Background(), whole); err != nil {
		t.Error(err)
	}
}

func TestADeadHelperIsReplaced(t *testing.T) {
	reader := NewReader("java", compiled)
	defer reader.Close()
	whole := recording(t)
	if _, err := reader.Read(context.Background(), whole); err != nil {
		t.Fatal(err)
	}
	if err := reader.process.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(context.Background(), whole); err == nil {
		t.Error("an answer of a dead process")
	}
	if _, err := reader.Read(context.Background(), whole); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestAHelperThatHangsIsEnded(t *testing.T) {
	script := filepath.Join(t.TempDir(), "java")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	reader := NewReader(script, compiled)
	reader.timeout = 50 * time.Millisecond
	if _, err := reader.Read(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("got %v", err)
	}
	if reader.process != nil {
		t.Error("the process is still kept")
	}
}

func TestMissingReaderIsNamed(t *testing.T) {
	for _, reader := range []*Reader{NewReader("", ""), NewReader("java", "/no/such.jar"), NewReader("/no/java", compiled)} {
		if _, err := reader.Read(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "no JFR reader: ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestGeneratedClassesAreMerged(t *testing.T) {
	for name, want := range map[string]string{
		"App": "App",
		"a/Exporter$$Lambda$59.0x00007f166801b9e8":       "a/Exporter$$Lambda_",
		"a/Exporter$$Lambda/0x00007f166801b9e8":          "a/Exporter$$Lambda_",
		"Fib$$Lambda.0x00007ffa600c4da0":                 "Fib$$Lambda_",
		"a/B$$Lambda$14":                                 "a/B$$Lambda$14",
		"jdk/internal/reflect/GeneratedMethodAccessor31": "jdk/internal/reflect/GeneratedMethodAccessor_",
		"a/B$$EnhancerBySpringCGLIB$$d4a5b6":             "a/B$$EnhancerBySpringCGLIB$$_",
		"libjvm.so":                                      "libjvm.so",
	} {
		if got := className(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestMalformedAnswersAreRefused(t *testing.T) {
	text := func(s string) string { return "\x00" + string(rune(len(s))) + s }
	good := text("itimer") + "\x00\x00\x00\x01" + text("App") + text("main") + "\x00\x00\x00\x01" +
		"\x00" + strings.Repeat("\x00", 7) + "\x03" + strings.Repeat("\x00", 8) + "\x00\x00\x00\x01" + "\x00\x00\x00\x00"
	found, err := parse([]byte(good))
	if err != nil || found.Samples[0].Count != 3 || found.Frames[0] != "App.main" {
		t.Fatalf("%+v, %v", found, err)
	}
	for cut := range len(good) {
		if _, err := parse([]byte(good[:cut])); err == nil {
			t.Errorf("cut off at %d: taken", cut)
		}
	}
	for _, bad := range []string{good + "x", good[:len(good)-1] + "\x01", strings.Replace(good, "\x00\x00\x00\x01", "\xff\xff\xff\xff", 1)} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q: taken", bad)
		}
	}
}
