package query

import (
	"cmp"
	"container/heap"
	"slices"
)

// other is the name that collects what was pruned.
const other = "other"

// node is a frame in the merged call tree; the root has no name.
type node struct {
	name        string
	self, total int64
	children    []*node // sorted by name once the tree is finished
	byName      map[string]*node
}

// insert adds a stack, root first.
func (n *node) insert(stack []string, value int64) {
	n.total += value
	for _, name := range stack {
		child := n.byName[name]
		if child == nil {
			if n.byName == nil {
				n.byName = map[string]*node{}
			}
			child = &node{name: name}
			n.byName[name] = child
			n.children = append(n.children, child)
		}
		child.total += value
		n = child
	}
	n.self += value
}

// finish sorts the children everywhere.
func (n *node) finish() {
	n.byName = nil
	slices.SortFunc(n.children, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	for _, child := range n.children {
		child.finish()
	}
}

// size counts the nodes below.
func (n *node) size() int64 {
	size := int64(len(n.children))
	for _, child := range n.children {
		size += child.size()
	}
	return size
}

type minHeap []int64

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h minHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *minHeap) Push(x any)        { *h = append(*h, x.(int64)) }
func (h *minHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// keep pushes a total when it is among the limit largest, and reports whether it is.
func (h *minHeap) keep(total, limit int64) bool {
	if int64(len(*h)) < limit {
		heap.Push(h, total)
		return true
	}
	if total <= (*h)[0] {
		return false
	}
	(*h)[0] = total
	heap.Fix(h, 0)
	return true
}

// smallest is the least total that a node needs to be among the limit largest; 0 when all are.
func (h minHeap) smallest(limit int64) int64 {
	if int64(len(h)) < limit {
		return 0
	}
	return h[0]
}

// threshold is the total that a node needs to be shown when at most limit nodes may be. 0: no limit.
func (n *node) threshold(limit int64) int64 {
	if limit < 1 || n.size() <= limit {
		return 0
	}
	var largest minHeap
	var visit func(n *node)
	visit = func(n *node) {
		for _, child := range n.children {
			if largest.keep(child.total, limit) {
				visit(child) // no descendant of a node that is too small is larger
			}
		}
	}
	visit(n)
	return largest.smallest(limit)
}

// prune replaces the children that are too small for the limit by one named "other".
func (n *node) prune(limit int64) {
	if least := n.threshold(limit); least > 0 {
		n.pruneBelow(least)
	}
}

func (n *node) pruneBelow(least int64) {
	kept, rest := n.split(least)
	n.children = kept
	for _, child := range kept {
		child.pruneBelow(least)
	}
	if rest != 0 {
		n.children = append(n.children, &node{name: other, self: rest, total: rest})
	}
}

// split returns the children that are shown, and the total of those that are not.
func (n *node) split(least int64) (kept []*node, rest int64) {
	for _, child := range n.children {
		if child.total >= least && child.name != other {
			kept = append(kept, child)
		} else {
			rest += child.total
		}
	}
	return kept, rest
}
