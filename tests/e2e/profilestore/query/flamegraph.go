package query

import (
	"slices"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// levels collects the bars of a flame graph. The server visits children from the last to the first: the
// order of the names, which clients see, comes from that; within a level bars then stand the right way.
type levels struct {
	names   []string
	indexes map[string]int64
	rows    [][][]int64 // by level: bars, the last one first
}

func (l *levels) name(name string) int64 {
	if l.indexes == nil {
		l.indexes = map[string]int64{}
	}
	index, known := l.indexes[name]
	if !known {
		index = int64(len(l.names))
		if index == 0 {
			name = "total" // the root
		}
		l.indexes[name] = index
		l.names = append(l.names, name)
	}
	return index
}

func (l *levels) add(level int, bar ...int64) {
	if level == len(l.rows) {
		l.rows = append(l.rows, nil)
	}
	l.rows[level] = append(l.rows[level], bar)
}

// encode turns the offsets, which stand in the listed columns before their widths, into distances from
// the end of the bar before.
func (l *levels) encode(offsets ...int) []*querierv1.Level {
	encoded := make([]*querierv1.Level, 0, len(l.rows))
	for _, row := range l.rows {
		slices.Reverse(row)
		for _, column := range offsets {
			var end int64
			for _, bar := range row {
				start := bar[column]
				bar[column] -= end
				end = start + bar[column+1]
			}
		}
		encoded = append(encoded, &querierv1.Level{Values: slices.Concat(row...)})
	}
	return encoded
}

// flameGraph draws a finished tree. Bars are offset, total, self, index of the name.
func flameGraph(root *node, maxNodes int64) *querierv1.FlameGraph {
	least := root.threshold(maxNodes)
	var drawn levels
	var maxSelf int64
	var visit func(n *node, level int, offset int64)
	visit = func(n *node, level int, offset int64) {
		maxSelf = max(maxSelf, n.self)
		drawn.add(level, offset, n.total, n.self, drawn.name(n.name))
		children, rest := n.split(least)
		if rest != 0 {
			children = append(children, &node{name: other, self: rest, total: rest})
		}
		end := offset + n.self
		for _, child := range children {
			end += child.total
		}
		for i := len(children) - 1; i >= 0; i-- {
			end -= children[i].total
			visit(children[i], level+1, end)
		}
	}
	visit(root, 0, 0)
	return &querierv1.FlameGraph{Names: drawn.names, Levels: drawn.encode(0), Total: root.total, MaxSelf: maxSelf}
}
