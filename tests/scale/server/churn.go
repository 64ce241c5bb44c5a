package main

import (
	"context"
	"time"
)

// How many of a hundred changes replace a pod by a new one (a deletion and a creation), how many
// restart a container; the others flip readiness.
const (
	replacements = 15
	restarts     = 15
)

// touch makes up to `changes` changes to random pods, only to those with an agent when `profiled`;
// each is one event.
func (p *population) touch(changes int, profiled bool) (done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pods) == 0 {
		return 0
	}
	for misses := 0; done < changes && misses < 1000; {
		n := p.touchOne(profiled, changes-done)
		done += n
		if misses++; n > 0 {
			misses = 0
		}
	}
	return done
}

func (p *population) touchOne(profiled bool, most int) int {
	if len(p.fresh) > 0 && p.random.IntN(4) == 0 {
		slot := p.fresh[0]
		p.fresh = p.fresh[1:]
		return p.modify(slot, func(next *pod) { next.state = running })
	}
	slot := p.random.IntN(len(p.pods))
	if profiled && !p.pods[slot].profiled {
		return 0
	}
	switch roll := p.random.IntN(100); {
	case roll < replacements && most >= 2:
		return p.replace(slot)
	case roll < replacements+restarts:
		return p.modify(slot, func(next *pod) { next.restarts, next.state = next.restarts+1, running })
	default:
		return p.modify(slot, func(next *pod) {
			if next.state == running {
				next.state = unready
			} else {
				next.state = running
			}
		})
	}
}

// modify gives a pod a new version; 0 if it was changed or removed meanwhile.
func (p *population) modify(slot int, edit func(next *pod)) int {
	old := p.pods[slot]
	next := *old
	edit(&next)
	next.changed = time.Now().Unix()
	_, err := p.store.change(pods, keyOf(old.namespace(), old.name()), func(stored item, version uint64) (item, item, error) {
		if stored != item(old) {
			return nil, nil, errExpired
		}
		next.number = version
		return &next, nil, nil
	})
	if err != nil {
		return 0
	}
	p.pods[slot] = &next
	return 1
}

// replace deletes a pod and creates another of the same workload in its place.
func (p *population) replace(slot int) int {
	old := p.pods[slot]
	_, err := p.store.change(pods, keyOf(old.namespace(), old.name()), func(stored item, version uint64) (item, item, error) {
		if stored != item(old) {
			return nil, nil, errExpired
		}
		last := *old
		last.number = version
		return nil, &last, nil
	})
	if err != nil {
		return 0
	}
	p.serial++
	next := &pod{workload: old.workload, serial: p.serial, ordinal: old.ordinal, state: pending, changed: time.Now().Unix()}
	_, err = p.store.change(pods, keyOf(next.namespace(), next.name()), func(_ item, version uint64) (item, item, error) {
		next.number = version
		return next, nil, nil
	})
	p.pods[slot] = next
	p.fresh = append(p.fresh, slot)
	return 2
}

// churn makes `rate` changes a second until the context ends. It catches up after a pause of the
// machine, so the sum is right.
func (p *population) churn(ctx context.Context, rate float64) {
	begin, done := time.Now(), 0
	tick := time.NewTicker(max(10*time.Millisecond, time.Duration(float64(time.Second)/rate)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if due := int(time.Since(begin).Seconds()*rate) - done; due > 0 {
				p.touch(due, false)
				done += due
			}
		}
	}
}
