package main

import "strings"

// resource is one collection of objects that the server plays.
type resource struct {
	group, version, plural, kind string
	namespaced                   bool
}

func (r *resource) apiVersion() string {
	if r.group == "" {
		return r.version
	}
	return r.group + "/" + r.version
}

// key names the collection in the store.
func (r *resource) key() string { return r.group + "/" + r.plural }

// The resources of the operator and its users. Other paths are answered with 404, as a real server does for
// a kind that is not installed.
var resources = []*resource{
	{"", "v1", "pods", "Pod", true},
	{"", "v1", "namespaces", "Namespace", false},
	{"", "v1", "nodes", "Node", false},
	{"", "v1", "secrets", "Secret", true},
	{"", "v1", "configmaps", "ConfigMap", true},
	{"", "v1", "services", "Service", true},
	{"", "v1", "serviceaccounts", "ServiceAccount", true},
	{"", "v1", "limitranges", "LimitRange", true},
	{"", "v1", "resourcequotas", "ResourceQuota", true},
	{"apps", "v1", "deployments", "Deployment", true},
	{"apps", "v1", "replicasets", "ReplicaSet", true},
	{"apps", "v1", "statefulsets", "StatefulSet", true},
	{"apps", "v1", "daemonsets", "DaemonSet", true},
	{"apps", "v1", "controllerrevisions", "ControllerRevision", true},
	{"batch", "v1", "jobs", "Job", true},
	{"batch", "v1", "cronjobs", "CronJob", true},
	{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true},
	{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true},
	{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true},
	{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true},
	{"events.k8s.io", "v1", "events", "Event", true},
	{"coordination.k8s.io", "v1", "leases", "Lease", true},
	{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false},
	{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false},
	{"profiling.dev", "v1alpha1", "profilingpolicies", "ProfilingPolicy", true},
	{"profiling.dev", "v1alpha1", "clusterprofilingpolicies", "ClusterProfilingPolicy", false},
	{"profiling.dev", "v1alpha1", "profilingservers", "ProfilingServer", true},
	{"profiling.dev", "v1alpha1", "workloadprofiles", "WorkloadProfile", true},
}

// find returns nil for a resource that is not played.
func find(group, version, plural string) *resource {
	for _, r := range resources {
		if r.group == group && r.version == version && r.plural == plural {
			return r
		}
	}
	return nil
}

// mustFind is for resources that are known at compile time.
func mustFind(group, plural string) *resource {
	for _, r := range resources {
		if r.group == group && r.plural == plural {
			return r
		}
	}
	panic("no such resource: " + group + "/" + plural)
}

// target is what a request's path names; name and namespace may be empty.
type target struct {
	*resource
	namespace, name, subresource string
}

// parsePath reads /api/v1/… and /apis/GROUP/VERSION/…; false for anything else.
func parsePath(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var group, version string
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		group, version, parts = parts[1], parts[2], parts[3:]
	default:
		return target{}, false
	}
	var t target
	if parts[0] == "namespaces" && len(parts) >= 3 {
		t.namespace, parts = parts[1], parts[2:]
	}
	if t.resource = find(group, version, parts[0]); t.resource == nil || len(parts) > 3 {
		return target{}, false
	}
	if len(parts) > 1 {
		t.name = parts[1]
	}
	if len(parts) > 2 {
		t.subresource = parts[2]
	}
	if t.namespace != "" && !t.namespaced || t.name != "" && t.namespaced && t.namespace == "" {
		return target{}, false
	}
	return t, true
}
