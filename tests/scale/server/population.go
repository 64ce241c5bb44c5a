package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// scenario describes the cluster.
type scenario struct {
	pods, workloads, namespaces int
	profiled                    int // per cent of the workloads
	policies                    int // ProfilingPolicies, one in each of the first namespaces
	clusterPolicies             int
	seed                        uint64
}

// population is the pods and their workloads, and what happens to them.
type population struct {
	store  *store
	mu     sync.Mutex
	random *rand.Rand
	pods   []*pod // the current version of each
	serial uint64
	fresh  []int // pods that are still pending
}

func populate(s *store, c scenario) *population {
	p := &population{store: s, random: rand.New(rand.NewPCG(c.seed, c.seed))}
	for _, name := range []string{"default", "kube-system", "profiling-system"} {
		p.object("", "namespaces", "", name, nil)
	}
	for i := range c.namespaces {
		p.object("", "namespaces", "", teamName(i), nil)
	}
	p.object("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "", "profiling-operator", map[string]any{
		"webhooks": []any{map[string]any{"name": "pods.profiling.dev", "clientConfig": map[string]any{
			"service": map[string]any{"name": "profiling-operator-webhook", "namespace": "profiling-system", "path": "/mutate-pods"}}}}})
	// The selector matches every pod of the population.
	policy := map[string]any{"spec": map[string]any{
		"endpoint": map[string]any{"url": "http://pyroscope.example:4040"}, "languages": []any{"Java"},
		"selector": map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/part-of": "shop"}}}}
	for i := range min(c.policies, c.namespaces) {
		p.object("profiling.dev", "profilingpolicies", teamName(i), "shop", policy)
	}
	for i := range c.clusterPolicies {
		p.object("profiling.dev", "clusterprofilingpolicies", "", fmt.Sprintf("shop-%d", i), policy)
	}
	p.people(c)
	return p
}

// object adds an object with what a server would fill in.
func (p *population) object(group, plural, namespace, name string, content map[string]any) {
	r := mustFind(group, plural)
	p.store.add(r, func(version uint64) item {
		object := deepCopy(content)
		object["apiVersion"], object["kind"] = r.apiVersion(), r.kind
		metadata := map[string]any{"name": name, "uid": string(appendUID(nil, r.kind[0], version)), "generation": 1,
			"creationTimestamp": created.Format(time.RFC3339)}
		if namespace != "" {
			metadata["namespace"] = namespace
		}
		if plural == "namespaces" {
			metadata["labels"] = map[string]any{"kubernetes.io/metadata.name": name}
		}
		object["metadata"] = metadata
		return newDocument(object, version)
	})
}

var (
	firstWords  = []string{"checkout", "cart", "search", "catalog", "billing", "shipping", "login", "pricing", "stock", "mail", "report", "ledger"}
	secondWords = []string{"api", "worker", "web", "sync", "cache", "gateway", "consumer", "export"}
)

// people creates workloads of unequal size and their pods; the total is exact.
func (p *population) people(c scenario) {
	left := c.pods
	for i := range c.workloads {
		average := left / (c.workloads - i)
		size := average
		if average > 1 && i+1 < c.workloads {
			size = min(left, 1+p.random.IntN(2*average-1))
		}
		left -= size
		w := &workload{number: i, team: i % max(1, c.namespaces), replicas: size, profiled: int(mix(uint64(i))%100) < c.profiled,
			title: fmt.Sprintf("%s-%s-%d", firstWords[i%len(firstWords)], secondWords[i/len(firstWords)%len(secondWords)], i)}
		switch i % 20 {
		case 17, 18:
			w.kind, w.hash = statefulSets, w.title+"-"+string(letters(nil, uint64(i), 9))
		case 8, 19:
			w.kind, w.hash = daemonSets, string(letters(nil, uint64(i), 9))
		case 13:
			w.kind, w.hash = cronJobs, fmt.Sprint(29460000+i)
		default:
			w.kind, w.hash = deployments, string(letters(nil, uint64(i), 9))
		}
		p.store.add(w.kind, func(version uint64) item { return &workloadItem{workload: w, number: version} })
		if kind, _ := w.owner(); kind != w.kind {
			p.store.add(kind, func(version uint64) item { return &workloadItem{workload: w, middle: true, number: version} })
		}
		for n := range size {
			p.store.add(pods, func(version uint64) item {
				return p.newPod(w, uint32(n), running, version)
			})
		}
	}
}

func (p *population) newPod(w *workload, ordinal uint32, state podState, version uint64) *pod {
	p.serial++
	pod := &pod{workload: w, serial: p.serial, number: version, ordinal: ordinal, state: state, changed: created.Unix() + int64(p.serial)}
	p.pods = append(p.pods, pod)
	return pod
}

func (p *population) profiledPods() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, pod := range p.pods {
		if pod.profiled {
			n++
		}
	}
	return n
}
