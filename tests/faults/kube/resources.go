package kube

import (
	"context"
	"fmt"
	"sort"
	"strings"
)

// Resource is a collection that the API server serves.
type Resource struct {
	Group, Version, Plural, Kind string
	Namespaced                   bool
}

// Path of a collection, or of an object of it.
func (r Resource) Path(namespace, name string) string {
	path := "/apis/" + r.Group + "/" + r.Version
	if r.Group == "" {
		path = "/api/" + r.Version
	}
	if r.Namespaced && namespace != "" {
		path += "/namespaces/" + namespace
	}
	path += "/" + r.Plural
	if name != "" {
		path += "/" + name
	}
	return path
}

// groups whose objects a workload or the operator may make. Other groups hold what belongs to the cluster.
var groups = []string{"", "apps", "batch", "profiling.dev", "coordination.k8s.io", "events.k8s.io"}

// Resources lists what the API server serves in those groups: kinds that are added to the operator
// are reset and compared without a change here.
func (c *Client) Resources(ctx context.Context) ([]Resource, error) {
	var all []Resource
	for _, group := range groups {
		base, err := c.version(ctx, group)
		if err != nil {
			return nil, err
		}
		list, err := c.Get(ctx, base)
		if err != nil {
			return nil, err
		}
		for _, r := range list.List("resources") {
			name := r.Text("name")
			verbs, _ := r.At("verbs").([]any)
			if strings.Contains(name, "/") || !has(verbs, "list") || !has(verbs, "delete") {
				continue
			}
			namespaced, _ := r.At("namespaced").(bool)
			if group == "" && (!namespaced || name == "events" || name == "bindings" || name == "endpoints") {
				continue // nodes and namespaces are not reset; events and endpoints have newer groups
			}
			parts := strings.Split(strings.Trim(base, "/"), "/")
			all = append(all, Resource{group, parts[len(parts)-1], name, r.Text("kind"), namespaced})
		}
	}
	all = append(all, Resource{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false})
	sort.Slice(all, func(i, j int) bool { return all[i].Plural < all[j].Plural })
	return all, nil
}

func (c *Client) version(ctx context.Context, group string) (string, error) {
	if group == "" {
		return "/api/v1", nil
	}
	g, err := c.Get(ctx, "/apis/"+group)
	if err != nil {
		return "", err
	}
	return "/apis/" + g.Text("preferredVersion", "groupVersion"), nil
}

func has(list []any, one string) bool {
	for _, v := range list {
		if v == one {
			return true
		}
	}
	return false
}

// Find returns the resource of an object by its apiVersion and kind, or by its plural name.
func Find(all []Resource, apiVersion, kind string) (Resource, error) {
	for _, r := range all {
		version := r.Version
		if r.Group != "" {
			version = r.Group + "/" + r.Version
		}
		if (apiVersion == version && kind == r.Kind) || (apiVersion == "" && kind == r.Plural) {
			return r, nil
		}
	}
	return Resource{}, fmt.Errorf("no resource for %s %s", apiVersion, kind)
}
