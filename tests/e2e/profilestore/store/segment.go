package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

type segmentSettings struct {
	prefix   string        // of the keys
	duration time.Duration // how long the first record of a segment waits for others
	timeout  time.Duration // for one upload
}

type batch struct {
	items []encoded
	done  chan error // has room for the one answer
}

// segmentWriter gathers what is appended to one shard and writes it as one object.
type segmentWriter struct {
	store    *Store
	settings segmentSettings
	input    chan batch

	mutex  sync.RWMutex // held for reading while something is put into input
	closed bool
	done   chan struct{}
}

func newSegmentWriter(s *Store, settings segmentSettings) *segmentWriter {
	w := &segmentWriter{store: s, settings: settings, input: make(chan batch, 64), done: make(chan struct{})}
	go w.run()
	return w
}

// enqueue hands the items over; the channel answers once, when they are durable or lost.
func (w *segmentWriter) enqueue(ctx context.Context, items []encoded) (<-chan error, error) {
	w.mutex.RLock()
	defer w.mutex.RUnlock()
	if w.closed {
		return nil, ErrClosed
	}
	b := batch{items, make(chan error, 1)}
	select {
	case w.input <- b:
		return b.done, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close writes what is waiting and returns when it is done.
func (w *segmentWriter) close() {
	w.mutex.Lock()
	if !w.closed {
		w.closed = true
		close(w.input)
	}
	w.mutex.Unlock()
	<-w.done
}

func (w *segmentWriter) run() {
	defer close(w.done)
	for first := range w.input {
		batches, size := []batch{first}, sizeOf(first)
		timer := time.NewTimer(w.settings.duration)
	gather:
		for size < segmentBytes {
			select {
			case next, open := <-w.input:
				if !open {
					break gather
				}
				batches, size = append(batches, next), size+sizeOf(next)
			case <-timer.C:
				break gather
			}
		}
		timer.Stop()
		err := w.write(batches)
		if err != nil {
			w.store.log.Error("failed to write segment", "component", "segment-writer", "err", err)
		}
		for _, b := range batches {
			b.done <- err
		}
	}
}

func sizeOf(b batch) int {
	size := 0
	for _, item := range b.items {
		size += len(item.data)
	}
	return size
}

// write makes the batches durable: first the object, then the line in the index.
func (w *segmentWriter) write(batches []batch) error {
	var items []encoded
	for _, b := range batches {
		items = append(items, b.items...)
	}
	file, entries, err := encodeBlock(items)
	if err != nil {
		return err
	}
	key := joinKey(w.settings.prefix, ulid.Make().String(), "block.bin")
	ctx, cancel := context.WithTimeout(context.Background(), w.settings.timeout)
	defer cancel()
	if err := w.store.bucket.Put(ctx, key, file); err != nil {
		return fmt.Errorf("failed to upload segment %s: %w", key, err)
	}
	if err := w.store.index.add(&Block{Key: key, Entries: entries}); err != nil {
		return fmt.Errorf("failed to store metadata of segment %s: %w", key, err)
	}
	return nil
}

func joinKey(parts ...string) string {
	kept := parts[:0:0]
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "/")
}
