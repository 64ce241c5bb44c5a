package main

import (
	"errors"
	"slices"
	"sort"
	"sync"
)

// errExpired: the version is older than what the history holds.
var errExpired = errors.New("too old resource version")

// event is one change. `before` is nil for a creation, `now` for the deleted object carries the
// version of its deletion.
type event struct {
	deleted     bool
	now, before item
}

// collection holds the objects of one resource and what happened to them lately.
type collection struct {
	items   map[string]item
	order   []string // sorted keys; nil when a key came or went
	history []event  // by version
	dropped uint64   // the highest version that the history no longer holds
}

// store is all that the server knows: one version counter and one lock for everything. Reading a
// list copies pointers only, so the lock is held for milliseconds at most.
type store struct {
	mu          sync.Mutex
	last        uint64
	collections map[string]*collection
	keep        int // events of history for each resource
	changed     chan struct{}
}

func newStore(keep int) *store {
	s := &store{last: 1000, collections: map[string]*collection{}, keep: keep, changed: make(chan struct{})}
	for _, r := range resources {
		s.collections[r.key()] = &collection{items: map[string]item{}}
	}
	return s
}

// change runs `edit` under the lock with the next version. What it returns is stored: `now` nil
// removes the object as `last`. An error leaves the store as it was.
func (s *store) change(r *resource, key string, edit func(old item, version uint64) (now item, removed item, err error)) (item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[r.key()]
	old := c.items[key]
	now, removed, err := edit(old, s.last+1)
	if err != nil || now == old {
		return old, err
	}
	s.last++
	if now == nil {
		delete(c.items, key)
		c.order = nil
		c.remember(event{deleted: true, now: removed, before: old}, s.keep)
	} else {
		if old == nil {
			c.order = nil
		}
		c.items[key] = now
		c.remember(event{now: now, before: old}, s.keep)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	if now == nil {
		return removed, nil
	}
	return now, nil
}

func (c *collection) remember(e event, keep int) {
	c.history = append(c.history, e)
	if len(c.history) <= 2*keep {
		return
	}
	drop := len(c.history) - keep
	c.dropped = c.history[drop-1].now.version()
	c.history = slices.Clone(c.history[drop:])
}

// add puts an object in without an event: for filling the store before it is served.
func (s *store) add(r *resource, make func(version uint64) item) item {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	i := make(s.last)
	c := s.collections[r.key()]
	c.items[keyOf(i.namespace(), i.name())] = i
	c.order = nil
	return i
}

func (s *store) get(r *resource, namespace, name string) item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collections[r.key()].items[keyOf(namespace, name)]
}

// list returns up to `limit` matching items whose key is above `after`, in order, the key to go on
// after (empty at the end), and the version at which that was so. limit 0: all.
func (s *store) list(r *resource, f filter, after string, limit int) (items []item, next string, version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[r.key()]
	if c.order == nil {
		c.order = make([]string, 0, len(c.items))
		for key := range c.items {
			c.order = append(c.order, key)
		}
		slices.Sort(c.order)
	}
	first := sort.Search(len(c.order), func(i int) bool { return c.order[i] > after })
	for at, key := range c.order[first:] {
		i := c.items[key]
		if !f.matches(i) {
			continue
		}
		items = append(items, i)
		if limit > 0 && len(items) == limit && first+at+1 < len(c.order) {
			return items, key, s.last
		}
	}
	return items, "", s.last
}

// since returns events after a version, up to `most`, the version up to which that is all, and a
// channel that closes at the next change.
func (s *store) since(r *resource, version uint64, most int) ([]event, uint64, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[r.key()]
	if version < c.dropped {
		return nil, 0, nil, errExpired
	}
	first := sort.Search(len(c.history), func(i int) bool { return c.history[i].now.version() > version })
	events := slices.Clone(c.history[first:min(len(c.history), first+most)])
	if first+len(events) < len(c.history) {
		return events, events[len(events)-1].now.version(), s.changed, nil
	}
	return events, s.last, s.changed, nil
}

func (s *store) version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *store) count(r *resource) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.collections[r.key()].items)
}

// expire forgets the history of everything, as a compaction does.
func (s *store) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++ // so that even who is up to date is behind
	for _, c := range s.collections {
		c.history, c.dropped = nil, s.last
	}
	close(s.changed)
	s.changed = make(chan struct{})
}
