package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	"github.com/prometheus/common/model"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

// watched lets a test see and break what goes to the bucket.
type watched struct {
	Bucket
	puts   atomic.Int32
	broken atomic.Bool
}

func (w *watched) Put(ctx context.Context, key string, content []byte) error {
	w.puts.Add(1)
	if w.broken.Load() {
		return errors.New("the bucket is away")
	}
	return w.Bucket.Put(ctx, key, content)
}

func settings(dir string) *config.Config {
	c := config.Default()
	c.Storage.Prefix = "demo"
	c.Storage.Filesystem.Dir = filepath.Join(dir, "shared")
	c.Metastore.DataDir = filepath.Join(dir, "meta")
	c.Metastore.Raft.Dir = filepath.Join(dir, "raft")
	c.SegmentWriter.SegmentDuration = 20 * time.Millisecond
	return &c
}

func open(t *testing.T, c *config.Config) (*Store, *watched) {
	t.Helper()
	files, err := NewBucket(c.Storage)
	if err != nil {
		t.Fatal(err)
	}
	bucket := &watched{Bucket: files}
	s, err := Open(c, bucket, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s, bucket
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func record(tenant, service string, at time.Time) Record {
	return Record{tenant, profile.Series{
		Labels: profile.Labels{{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: service}},
		Profile: &profilev1.Profile{
			TimeNanos: at.UnixNano(), StringTable: []string{"", "cpu", "nanoseconds", service},
			SampleType: []*profilev1.ValueType{{Type: 1, Unit: 2}},
			Sample:     []*profilev1.Sample{{Value: []int64{7}}},
		},
	}}
}

func services(t *testing.T, s *Store, tenant string) []string {
	t.Helper()
	var names []string
	for _, ref := range s.Select(tenant, 0, time.Now().Add(time.Hour).UnixMilli()) {
		p, err := s.Load(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if p.StringTable[3] != ref.Labels.Get("service_name") {
			t.Errorf("the profile of %s was found under %s", p.StringTable[3], ref.Labels)
		}
		names = append(names, ref.Labels.Get("service_name"))
	}
	return names
}

func TestAcknowledgedProfilesSurviveAReopening(t *testing.T) {
	c := settings(t.TempDir())
	s, _ := open(t, c)
	now := time.Now()
	if err := s.Append(context.Background(), []Record{record("a", "one", now), record("a", "two", now), record("b", "three", now)}); err != nil {
		t.Fatal(err)
	}
	// Not closed: a process that is killed closes nothing either.
	again, _ := open(t, c)
	defer closeStore(t, again)
	defer closeStore(t, s)
	if got := services(t, again, "a"); len(got) != 2 {
		t.Errorf("tenant a: %v", got)
	}
	if got := services(t, again, "b"); len(got) != 1 || got[0] != "three" {
		t.Errorf("tenant b: %v", got)
	}
	if got := again.Select("a", 0, now.UnixMilli()-1); len(got) != 0 {
		t.Errorf("%d profiles before their time", len(got))
	}
	if got := again.Select("a", now.UnixMilli(), now.UnixMilli()); len(got) != 2 {
		t.Errorf("%d profiles at their time", len(got))
	}
}

func TestBlocksDescribeTheirContents(t *testing.T) {
	c := settings(t.TempDir())
	s, _ := open(t, c)
	defer closeStore(t, s)
	if err := s.Append(context.Background(), []Record{record("a", "shop.cart", time.Now())}); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(c.Storage.Filesystem.Dir, "demo/segments/*/anonymous/*/block.bin"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v, %v", paths, err)
	}
	file, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), `{"name":"service_name","value":"shop.cart"}`) {
		t.Errorf("no label set in clear: %q", file)
	}
	entries, data, err := blockData(file)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	data[0]++
	if _, err := decode(data, &entries[0]); err == nil {
		t.Error("a damaged profile was taken")
	}
	for _, cut := range []int{0, len(magic) + 2, len(magic) + 10} {
		if _, _, err := blockData(file[:cut]); err == nil {
			t.Errorf("a block cut off at %d was taken", cut)
		}
	}
}

func TestAppendFailsWhenTheBucketDoesAndWorksAgainAfterwards(t *testing.T) {
	s, bucket := open(t, settings(t.TempDir()))
	defer closeStore(t, s)
	bucket.broken.Store(true)
	if err := s.Append(context.Background(), []Record{record("a", "x", time.Now())}); err == nil || !strings.Contains(err.Error(), "the bucket is away") {
		t.Errorf("got %v", err)
	}
	if got := services(t, s, "a"); len(got) != 0 {
		t.Errorf("what was not stored is found: %v", got)
	}
	bucket.broken.Store(false)
	if err := s.Append(context.Background(), []Record{record("a", "x", time.Now())}); err != nil {
		t.Error(err)
	}
}

func TestConcurrentAppendsShareSegments(t *testing.T) {
	c := settings(t.TempDir())
	c.SegmentWriter.SegmentDuration = 200 * time.Millisecond
	s, bucket := open(t, c)
	const pushes = 40
	var done sync.WaitGroup
	for i := range pushes {
		done.Go(func() {
			if err := s.Append(context.Background(), []Record{record("a", fmt.Sprint("s", i), time.Now())}); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if got := services(t, s, "a"); len(got) != pushes {
		t.Errorf("%d of %d profiles are found", len(got), pushes)
	}
	if puts := bucket.puts.Load(); puts >= pushes {
		t.Errorf("%d objects for %d pushes", puts, pushes)
	}
	closeStore(t, s)
	if err := s.Append(context.Background(), []Record{record("a", "late", time.Now())}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestRetentionRemovesObjectsAndEntries(t *testing.T) {
	c := settings(t.TempDir())
	c.Limits.RetentionPeriod = model.Duration(0)
	s, _ := open(t, c)
	now := time.Now()
	for service, at := range map[string]time.Time{"old": now.Add(-3 * time.Hour), "young": now} {
		if err := s.Append(context.Background(), []Record{record("a", service, at)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.expire(context.Background(), now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(context.Background(), []Record{record("a", "after", now)}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	again, _ := open(t, c)
	defer closeStore(t, again)
	if got := services(t, again, "a"); len(got) != 2 || got[0] != "young" || got[1] != "after" {
		t.Errorf("%v", got)
	}
	paths, err := filepath.Glob(filepath.Join(c.Storage.Filesystem.Dir, "demo/segments/*/anonymous/*/block.bin"))
	if err != nil || len(paths) != 2 {
		t.Errorf("%v, %v", paths, err)
	}
}

func TestCacheStaysWithinItsLimit(t *testing.T) {
	c := newCache(10)
	c.put("a", make([]byte, 6))
	c.put("b", make([]byte, 4))
	if _, found := c.get("a"); !found {
		t.Error("a is gone too early")
	}
	c.put("c", make([]byte, 4))
	if _, found := c.get("b"); found {
		t.Error("b was used last and must go first")
	}
	c.put("large", make([]byte, 11))
	if c.bytes != 10 || len(c.byKey) != 2 || c.order.Len() != 2 {
		t.Errorf("%d bytes, %d entries", c.bytes, len(c.byKey))
	}
}
