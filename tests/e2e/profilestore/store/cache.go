package store

import (
	"container/list"
	"sync"
)

// cache keeps the blocks that were read last, up to a number of bytes.
type cache struct {
	limit int

	mutex sync.Mutex
	bytes int
	order *list.List // of *cached, the one used last in front
	byKey map[string]*list.Element
}

type cached struct {
	key  string
	data []byte
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *cache) get(key string) ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.byKey[key]
	if !found {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*cached).data, true
}

func (c *cache) put(key string, data []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, found := c.byKey[key]; found || len(data) > c.limit {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, data})
	c.bytes += len(data)
	for c.bytes > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byKey, oldest.key)
		c.bytes -= len(oldest.data)
	}
}
