package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"time"
)

//go:embed workload.json
var workloadText string

var workloadHead, workloadBody = parseObject(workloadText)

// workload is what pods belong to: a Deployment, StatefulSet, DaemonSet or CronJob with, for the first
// and the last, the ReplicaSet or Job between it and the pods.
type workload struct {
	number   int
	kind     *resource
	team     int // its namespace
	title    string
	hash     string // of the pod template, or the job's number
	replicas int
	profiled bool
}

var (
	deployments  = mustFind("apps", "deployments")
	replicaSets  = mustFind("apps", "replicasets")
	statefulSets = mustFind("apps", "statefulsets")
	daemonSets   = mustFind("apps", "daemonsets")
	jobs         = mustFind("batch", "jobs")
	cronJobs     = mustFind("batch", "cronjobs")
)

// Created is the same for the whole population, so that nothing depends on when a test runs.
var created = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

func teamName(number int) string { return fmt.Sprintf("team-%03d", number) }

// letters turns a number into a suffix as Kubernetes makes them: no vowels, no look-alikes.
func letters(out []byte, number uint64, length int) []byte {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	number = mix(number)
	for range length {
		out = append(out, alphabet[number%uint64(len(alphabet))])
		number /= uint64(len(alphabet))
	}
	return out
}

// mix spreads a counter over 64 bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// appendUID writes a UUID that belongs to a class of objects and a number.
func appendUID(out []byte, class byte, number uint64) []byte {
	a, b := mix(number*7+uint64(class)), mix(number*7+uint64(class)+1<<40)
	return fmt.Appendf(out, "%08x-%04x-4%03x-a%03x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>52, b&0xffffffffffff)
}

// owner is the object between a workload and its pods; the workload itself when there is none.
func (w *workload) owner() (kind *resource, name string) {
	switch w.kind {
	case deployments:
		return replicaSets, w.title + "-" + w.hash
	case cronJobs:
		return jobs, w.title + "-" + w.hash
	default:
		return w.kind, w.title
	}
}

// workloadItem plays one of the two objects of a workload.
type workloadItem struct {
	*workload
	middle bool // the ReplicaSet or Job
	number uint64
}

func (i *workloadItem) resource() *resource {
	if i.middle {
		kind, _ := i.owner()
		return kind
	}
	return i.kind
}

func (i *workloadItem) name() string {
	if i.middle {
		_, name := i.owner()
		return name
	}
	return i.title
}

func (i *workloadItem) namespace() string { return teamName(i.team) }
func (i *workloadItem) version() uint64   { return i.number }

func (i *workloadItem) label(key string) (string, bool) {
	switch {
	case key == "app.kubernetes.io/name":
		return i.title, true
	case key == "pod-template-hash" && i.middle && i.kind == deployments:
		return i.hash, true
	}
	return "", false
}

func (i *workloadItem) field(path string) string {
	switch path {
	case "metadata.name":
		return i.name()
	case "metadata.namespace":
		return i.namespace()
	}
	return ""
}

func (i *workloadItem) appendJSON(out []byte, metadataOnly bool) []byte {
	return appendObject(out, workloadHead, workloadBody, i.resource(), metadataOnly, i.value)
}

func (i *workloadItem) value(out []byte, name string) []byte {
	kind := i.resource()
	switch name {
	case "name":
		return append(out, i.name()...)
	case "title":
		return append(out, i.title...)
	case "namespace":
		return append(out, i.namespace()...)
	case "uid":
		return appendUID(out, kind.kind[0], uint64(i.workload.number))
	case "version":
		return strconv.AppendUint(out, i.number, 10)
	case "created":
		return created.AppendFormat(out, time.RFC3339)
	case "hashLabel":
		if i.kind == deployments && i.middle {
			out = fmt.Appendf(out, `,"pod-template-hash":"%s"`, i.hash)
		}
		return out
	case "specHead":
		return i.appendSpecHead(out)
	case "specTail":
		if kind == cronJobs {
			out = append(out, "}}"...)
		}
		return out
	case "restartPolicy":
		if i.kind == cronJobs {
			return append(out, "Never"...)
		}
		return append(out, "Always"...)
	case "status":
		return i.appendStatus(out)
	case "owner":
		if i.middle {
			out = append(out, `,"ownerReferences":[`...)
			return append(appendOwner(out, i.kind, i.title, uint64(i.workload.number)), ']')
		}
		return out
	}
	panic("workload.json has an unknown name: " + name)
}

// appendSpecHead writes the part before the pod template.
func (i *workloadItem) appendSpecHead(out []byte) []byte {
	selector := fmt.Sprintf(`"selector":{"matchLabels":{"app.kubernetes.io/name":"%s"}},`, i.title)
	switch kind := i.resource(); kind {
	case cronJobs:
		return append(out, `"schedule":"*/10 * * * *","concurrencyPolicy":"Forbid","jobTemplate":{"spec":{`...)
	case jobs:
		return fmt.Appendf(out, `"parallelism":%d,"completions":%d,"backoffLimit":6,`, i.replicas, i.replicas)
	case daemonSets:
		return append(out, selector...)
	default:
		return fmt.Appendf(out, `"replicas":%d,%s`, i.replicas, selector)
	}
}

func (i *workloadItem) appendStatus(out []byte) []byte {
	n := i.replicas
	switch i.resource() {
	case cronJobs:
		return append(out, `{"lastScheduleTime":"2026-01-05T08:00:00Z"}`...)
	case jobs:
		return fmt.Appendf(out, `{"active":%d,"startTime":"2026-01-05T08:00:00Z"}`, n)
	case daemonSets:
		return fmt.Appendf(out, `{"currentNumberScheduled":%d,"desiredNumberScheduled":%d,"numberAvailable":%d,"numberReady":%d,"observedGeneration":3,"updatedNumberScheduled":%d}`, n, n, n, n, n)
	default:
		return fmt.Appendf(out, `{"availableReplicas":%d,"observedGeneration":3,"readyReplicas":%d,"replicas":%d,"updatedReplicas":%d}`, n, n, n, n)
	}
}

// appendOwner writes an owner reference to a workload's object.
func appendOwner(out []byte, kind *resource, name string, number uint64) []byte {
	out = append(out, `{"apiVersion":"`...)
	out = append(out, kind.apiVersion()...)
	out = append(out, `","kind":"`...)
	out = append(out, kind.kind...)
	out = append(out, `","name":"`...)
	out = append(out, name...)
	out = append(out, `","uid":"`...)
	out = appendUID(out, kind.kind[0], number)
	return append(out, `","controller":true,"blockOwnerDeletion":true}`...)
}
