package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"sync"
	"time"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

const (
	shards         = 4
	segmentBytes   = 4 << 20  // a segment is written early when it holds this much
	cacheBytes     = 64 << 20 // of blocks that were read
	cleanupTimeout = time.Minute
)

// ErrClosed answers an append after Close.
var ErrClosed = errors.New("the store is shutting down")

// Store takes profiles and finds them again. All methods may be called from any goroutine.
type Store struct {
	bucket Bucket
	index  *index
	cache  *cache
	log    *slog.Logger

	writers []*segmentWriter
	stop    context.CancelFunc // ends the retention loop
	done    sync.WaitGroup
}

// Open recovers the index and starts writing. The bucket is not reached.
func Open(c *config.Config, bucket Bucket, log *slog.Logger) (*Store, error) {
	if err := makeDirs(c.Metastore.Raft.Dir); err != nil {
		return nil, fmt.Errorf("metastore.raft.dir: %w", err)
	}
	idx, err := openIndex(c.Metastore.DataDir)
	if err != nil {
		return nil, fmt.Errorf("metastore.data_dir: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{bucket: bucket, index: idx, cache: newCache(cacheBytes), log: log, stop: stop}
	for shard := 1; shard <= shards; shard++ {
		writer := newSegmentWriter(s, segmentSettings{
			prefix:   joinKey(c.Storage.KeyPrefix(), "segments", strconv.Itoa(shard), "anonymous"),
			duration: c.SegmentWriter.SegmentDuration, timeout: c.SegmentWriter.UploadTimeout,
		})
		s.writers = append(s.writers, writer)
	}
	if period := time.Duration(c.Limits.RetentionPeriod); period > 0 {
		s.done.Go(func() { s.enforceRetention(ctx, period, c.Metastore.Index.CleanupInterval) })
	}
	return s, nil
}

// Append returns when every record is durable, or with an error; then some may be stored all the same.
func (s *Store) Append(ctx context.Context, records []Record) error {
	groups := map[*segmentWriter][]encoded{}
	for _, record := range records {
		item, err := encode(record)
		if err != nil {
			return err
		}
		writer := s.writers[shardOf(record.Labels.Get(profile.LabelServiceName))]
		groups[writer] = append(groups[writer], item)
	}
	var waits []<-chan error
	for writer, items := range groups {
		wait, err := writer.enqueue(ctx, items)
		if err != nil {
			return err
		}
		waits = append(waits, wait)
	}
	for _, wait := range waits {
		select {
		case err := <-wait:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func shardOf(service string) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(service))
	return int(hash.Sum32() % shards)
}

// Ref points to a stored profile.
type Ref struct {
	*Entry
	block *Block
}

// Select lists a tenant's profiles between two times, both included, in milliseconds.
func (s *Store) Select(tenant string, start, end int64) []Ref {
	var refs []Ref
	for _, block := range s.index.snapshot() {
		for i := range block.Entries {
			entry := &block.Entries[i]
			if at := entry.TimeMillis(); entry.Tenant == tenant && at >= start && at <= end {
				refs = append(refs, Ref{entry, block})
			}
		}
	}
	return refs
}

// Load reads one profile from the bucket.
func (s *Store) Load(ctx context.Context, ref Ref) (*profilev1.Profile, error) {
	data, cached := s.cache.get(ref.block.Key)
	if !cached {
		file, err := s.bucket.Get(ctx, ref.block.Key)
		if err == nil {
			_, data, err = blockData(file)
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read block %s: %w", ref.block.Key, err)
		}
		s.cache.put(ref.block.Key, data)
	}
	p, err := decode(data, ref.Entry)
	if err != nil {
		return nil, fmt.Errorf("failed to read block %s: %w", ref.block.Key, err)
	}
	return p, nil
}

// Close writes what is waiting and closes the index. Nothing may be appended afterwards.
func (s *Store) Close() error {
	s.stop()
	for _, writer := range s.writers {
		writer.close()
	}
	s.done.Wait()
	return s.index.close()
}

func (s *Store) enforceRetention(ctx context.Context, period, interval time.Duration) {
	ticker := time.NewTicker(max(interval, time.Second))
	defer ticker.Stop()
	for {
		if err := s.expire(ctx, time.Now().Add(-period)); err != nil && ctx.Err() == nil {
			s.log.Warn("failed to enforce retention", "component", "metastore", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// expire removes the blocks whose youngest profile is older. The index forgets a block first: one that it
// forgot but that is still in the bucket wastes space, the other way round queries would fail.
func (s *Store) expire(ctx context.Context, before time.Time) error {
	dead := map[*Block]bool{}
	for _, block := range s.index.snapshot() {
		if block.newest() < before.UnixNano() {
			dead[block] = true
		}
	}
	if len(dead) == 0 {
		return nil
	}
	if err := s.index.drop(dead); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	var failed error
	for block := range dead {
		failed = errors.Join(failed, s.bucket.Delete(ctx, block.Key))
	}
	return failed
}
