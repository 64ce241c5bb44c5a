package generate

import "profiling.dev/profiling-operator/tests/faults/judge"

// pruning leaves out plans that would only repeat another: by determinism (the same code meets the same
// fault in the same state), never by chance.
type pruning struct {
	shared  map[string]bool
	tried   map[string]bool
	created map[string]int
}

// Creations of one class happen in the same order in each workload; three are enough.
const creations = 3

func newPruning() *pruning {
	return &pruning{shared: map[string]bool{}, tried: map[string]bool{}, created: map[string]int{}}
}

// sharedAndSeen: the operator's own objects are made in every workload, and are tried in the first.
func (p *pruning) sharedAndSeen(w judge.Write) bool {
	if w.Namespace != "profiling-system" && w.Namespace != "" {
		return false
	}
	key := judge.WriteKey(&w.Exchange)
	seen := p.shared[key]
	p.shared[key] = true
	return seen
}

func (p *pruning) repeats(ref *judge.Reference, w judge.Write, f writeFault) bool {
	kind := class(&w.Exchange)
	if w.Subresource == "status" && w.Nth > 2 {
		return true // a status passes through states that a slower run skips: the third may never come
	}
	switch f.reach {
	case onceForVerb:
		return p.seen(f.name + w.Verb + w.Subresource)
	case once:
		return p.seen(f.name + kind)
	case perWorkload:
		return p.seen(f.name + kind + ref.Workload)
	}
	if w.Created {
		p.created[f.name+kind]++
		return p.created[f.name+kind] > creations
	}
	return false
}

func (p *pruning) seen(key string) bool {
	seen := p.tried[key]
	p.tried[key] = true
	return seen
}
