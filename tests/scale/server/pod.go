package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"time"
)

//go:embed pod.json
var podText string

var (
	podHead, podBody = parseObject(podText)
	pods             = mustFind("", "pods")
)

type podState uint8

const (
	pending podState = iota
	running
	unready // runs, its readiness probe fails
	crashing
	succeeded
)

// pod is one pod of the population, small enough for 150 000 of them; its JSON is rendered on demand.
type pod struct {
	*workload
	serial   uint64 // unique, in the order of creation
	number   uint64 // resourceVersion
	changed  int64  // when its state changed, seconds since 1970
	ordinal  uint32 // within its workload
	restarts uint16
	state    podState
}

// revision of the policy in the namespace; the same for all, as with equal policies.
const revision = "7c9d5b8f6d"

func (p *pod) namespace() string { return teamName(p.team) }
func (p *pod) version() uint64   { return p.number }
func (p *pod) name() string      { return string(p.appendName(nil)) }

func (p *pod) appendName(out []byte) []byte {
	_, owner := p.owner()
	out = append(out, owner...)
	out = append(out, '-')
	if p.kind == statefulSets {
		return strconv.AppendUint(out, uint64(p.ordinal), 10)
	}
	return letters(out, p.serial, 5)
}

func (p *pod) label(key string) (string, bool) {
	switch key {
	case "profiling.dev/profiled":
		return revision, p.profiled
	case "app.kubernetes.io/name", "app.kubernetes.io/instance":
		return p.title, true
	case "app.kubernetes.io/part-of":
		return "shop", true
	case "team":
		return p.namespace(), true
	case p.hashKey():
		return p.hashValue(), true
	}
	return "", false
}

// hashKey is the label with which a controller distinguishes its pods' revisions.
func (p *pod) hashKey() string {
	switch p.kind {
	case deployments:
		return "pod-template-hash"
	case cronJobs:
		return "batch.kubernetes.io/job-name"
	default:
		return "controller-revision-hash"
	}
}

func (p *pod) hashValue() string {
	if p.kind == cronJobs {
		_, job := p.owner()
		return job
	}
	return p.hash
}

func (p *pod) phase() string {
	switch p.state {
	case pending:
		return "Pending"
	case succeeded:
		return "Succeeded"
	default:
		return "Running"
	}
}

func (p *pod) node() string { return fmt.Sprintf("node-%04d", mix(p.serial)%5000) }

func (p *pod) field(path string) string {
	switch path {
	case "metadata.name":
		return p.name()
	case "metadata.namespace":
		return p.namespace()
	case "status.phase":
		return p.phase()
	case "spec.nodeName":
		return p.node()
	}
	return ""
}

func (p *pod) appendJSON(out []byte, metadataOnly bool) []byte {
	return appendObject(out, podHead, podBody, pods, metadataOnly, p.value)
}

func (p *pod) appendIP(out []byte, network uint64) []byte {
	n := p.serial
	if network == 10 {
		n = mix(p.serial) % 5000 // the node's
	}
	return fmt.Appendf(out, "10.%d.%d.%d", network+n>>16&127, n>>8&255, n&255)
}

func (p *pod) value(out []byte, name string) []byte {
	ready := p.state == running
	switch name {
	case "name":
		return p.appendName(out)
	case "generateName":
		_, owner := p.owner()
		return append(append(out, owner...), '-')
	case "namespace":
		return append(out, p.namespace()...)
	case "title":
		return append(out, p.title...)
	case "uid":
		return appendUID(out, 'P', p.serial)
	case "version":
		return strconv.AppendUint(out, p.number, 10)
	case "created":
		return created.Add(time.Duration(p.serial)*time.Second).AppendFormat(out, time.RFC3339)
	case "changed":
		return time.Unix(p.changed, 0).UTC().AppendFormat(out, time.RFC3339)
	case "hashLabel":
		return p.appendControllerLabels(out)
	case "owner":
		kind, owner := p.owner()
		return appendOwner(out, kind, owner, uint64(p.workload.number))
	case "ownerUID":
		kind, _ := p.owner()
		return appendUID(out, kind.kind[0], uint64(p.workload.number))
	case "node":
		return append(out, p.node()...)
	case "podIP":
		return p.appendIP(out, 128)
	case "hostIP":
		return p.appendIP(out, 10)
	case "restartPolicy":
		if p.kind == cronJobs {
			return append(out, "Never"...)
		}
		return append(out, "Always"...)
	case "phase":
		return append(out, p.phase()...)
	case "ready":
		if ready {
			return append(out, "True"...)
		}
		return append(out, "False"...)
	case "readyBool":
		return strconv.AppendBool(out, ready)
	case "unreadyReason":
		if !ready && p.state != succeeded {
			out = append(out, `,"reason":"ContainersNotReady","message":"containers with unready status: [app]"`...)
		}
		return out
	case "restarts":
		return strconv.AppendUint(out, uint64(p.restarts), 10)
	case "state", "lastState":
		return p.appendState(out, name == "lastState")
	}
	return p.appendAgent(out, name)
}
