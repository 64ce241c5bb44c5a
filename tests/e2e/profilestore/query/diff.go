package query

import (
	"cmp"
	"slices"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// pair is a frame in two trees; a side that lacks it has a node without weight.
type pair struct {
	left, right *node
	children    []*pair
}

// align lays two finished trees over each other.
func align(left, right *node) *pair {
	p := &pair{left: left, right: right}
	rest := slices.Clone(right.children)
	for _, l := range left.children {
		at := slices.IndexFunc(rest, func(r *node) bool { return r.name == l.name })
		if at < 0 {
			p.children = append(p.children, align(l, &node{name: l.name}))
			continue
		}
		p.children = append(p.children, align(l, rest[at]))
		rest = slices.Delete(rest, at, at+1)
	}
	for _, r := range rest {
		p.children = append(p.children, align(&node{name: r.name}, r))
	}
	slices.SortStableFunc(p.children, func(a, b *pair) int { return cmp.Compare(a.left.name, b.left.name) })
	return p
}

func (p *pair) larger() int64 { return max(p.left.total, p.right.total) }

func (p *pair) size() int64 {
	size := int64(1)
	for _, child := range p.children {
		size += child.size()
	}
	return size
}

// threshold is as the tree's, with the larger side of each frame; the root counts as a node here.
func (p *pair) threshold(limit int64) int64 {
	if limit < 1 || p.size() <= limit {
		return 0
	}
	var largest minHeap
	var visit func(p *pair)
	visit = func(p *pair) {
		if largest.keep(p.larger(), limit) {
			for _, child := range p.children {
				visit(child)
			}
		}
	}
	visit(p)
	return largest.smallest(limit)
}

// flameGraphDiff draws two trees over each other. Bars are offset, total, self on the left, the same on
// the right, index of the name.
func flameGraphDiff(left, right *node, maxNodes int64) *querierv1.FlameGraphDiff {
	root := align(left, right)
	least := root.threshold(maxNodes)
	var drawn levels
	var maxSelf int64
	var visit func(p *pair, level int, leftOffset, rightOffset int64)
	visit = func(p *pair, level int, leftOffset, rightOffset int64) {
		maxSelf = max(maxSelf, p.left.self, p.right.self)
		drawn.add(level, leftOffset, p.left.total, p.left.self, rightOffset, p.right.total, p.right.self,
			drawn.name(p.left.name))
		var children []*pair
		pruned := pair{left: &node{name: other}, right: &node{name: other}}
		for _, child := range p.children {
			if child.larger() >= least {
				children = append(children, child)
				continue
			}
			pruned.left.total += child.left.total
			pruned.right.total += child.right.total
		}
		if pruned.larger() != 0 {
			pruned.left.self, pruned.right.self = pruned.left.total, pruned.right.total
			children = append(children, &pruned)
		}
		leftOffset, rightOffset = leftOffset+p.left.self, rightOffset+p.right.self
		offsets := make([][2]int64, len(children))
		for i, child := range children {
			offsets[i] = [2]int64{leftOffset, rightOffset}
			leftOffset, rightOffset = leftOffset+child.left.total, rightOffset+child.right.total
		}
		for i := len(children) - 1; i >= 0; i-- {
			visit(children[i], level+1, offsets[i][0], offsets[i][1])
		}
	}
	visit(root, 0, 0, 0)
	return &querierv1.FlameGraphDiff{
		Names: drawn.names, Levels: drawn.encode(0, 3), Total: left.total + right.total, MaxSelf: maxSelf,
		LeftTicks: left.total, RightTicks: right.total,
	}
}
