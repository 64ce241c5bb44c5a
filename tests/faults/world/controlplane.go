// Package world is what surrounds the operator in a run: the control plane, the objects in it, the
// operator's processes, and stand-ins for the controllers of a whole cluster.
package world

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

// ControlPlane is an etcd and a kube-apiserver of its own, by hack/cluster.
type ControlPlane struct {
	Name      string
	Admin     *kube.Client
	Resources []kube.Resource
	root      string
	token     int
}

const (
	operatorNamespace = "profiling-system"
	harnessNamespace  = "faults-harness"
	account           = "/api/v1/namespaces/" + harnessNamespace + "/serviceaccounts/operator"
)

// Up starts one; root is the checkout.
func Up(ctx context.Context, root, name string) (*ControlPlane, error) {
	c := &ControlPlane{Name: name, root: root}
	if _, err := c.cluster(ctx, "up", "--control-plane-only"); err != nil {
		return c, err
	}
	config, err := c.cluster(ctx, "kubectl", "config", "view", "--raw", "--flatten", "-o", "json")
	if err != nil {
		return c, err
	}
	if c.Admin, err = kube.Admin(config); err != nil {
		return c, err
	}
	return c, c.install(ctx)
}

// Down removes it in any state.
func (c *ControlPlane) Down() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := c.cluster(ctx, "down")
	return err
}

func (c *ControlPlane) cluster(ctx context.Context, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, filepath.Join(c.root, "hack/cluster/cluster"), append([]string{"--name", c.Name}, arguments...)...)
	var complaints limited
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("hack/cluster/cluster --name %s %v: %w: %s", c.Name, arguments, err, complaints.tail())
	}
	return out, nil
}

// install creates what all runs share: the CRDs and the operator's account.
func (c *ControlPlane) install(ctx context.Context) error {
	crds, err := filepath.Glob(filepath.Join(c.root, "crds", "*.yaml"))
	if err != nil {
		return err
	}
	arguments := []string{"kubectl", "apply", "--server-side"}
	for _, crd := range crds {
		arguments = append(arguments, "-f", crd)
	}
	if _, err := c.cluster(ctx, arguments...); err != nil {
		return err
	}
	if _, err := c.cluster(ctx, "kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"); err != nil {
		return err
	}
	for path, object := range map[string]any{
		"/api/v1/namespaces": map[string]any{"metadata": map[string]any{"name": harnessNamespace}},
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": map[string]any{
			"metadata": map[string]any{"name": "faults-operator"},
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
			"subjects": []any{map[string]any{"kind": "ServiceAccount", "namespace": harnessNamespace, "name": "operator"}},
		},
	} {
		if _, err := c.Admin.Create(ctx, path, object); err != nil && !kube.IsConflict(err) {
			return err
		}
	}
	_, err = c.Admin.Create(ctx, filepath.Dir(account), map[string]any{"metadata": map[string]any{"name": "operator"}})
	if err != nil && !kube.IsConflict(err) {
		return err
	}
	if c.Resources, err = c.Admin.Resources(ctx); err != nil {
		return err
	}
	// An established kind may still answer 429 while its storage begins.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return Until(ctx, "all kinds to be served", func() (bool, error) {
		for _, r := range c.Resources {
			if _, err := c.Admin.Items(ctx, r.Path("", "")); err != nil {
				return false, nil
			}
		}
		return true, nil
	})
}

// Token requests a new token; each differs from all before.
func (c *ControlPlane) Token(ctx context.Context) (string, error) {
	c.token++
	answer, err := c.Admin.Create(ctx, account+"/token", map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": map[string]any{"expirationSeconds": 7200 + c.token},
	})
	if err != nil {
		return "", err
	}
	return answer.Text("status", "token"), nil
}

// limited keeps the end of a program's output.
type limited struct{ text []byte }

func (l *limited) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	if len(l.text) > 8000 {
		l.text = l.text[len(l.text)-8000:]
	}
	return len(p), nil
}

func (l *limited) tail() string {
	if len(l.text) > 1500 {
		return string(l.text[len(l.text)-1500:])
	}
	return string(l.text)
}

// writeFile replaces a file in one step, as kubelet does with a token.
func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Path of "resource namespace/name"; "resource /name" for what has no namespace.
func (c *ControlPlane) Path(object string) (string, error) {
	plural, place, _ := strings.Cut(object, " ")
	resource, err := kube.Find(c.Resources, "", plural)
	if err != nil {
		return "", err
	}
	namespace, name, found := strings.Cut(place, "/")
	if !found || name == "" {
		return "", fmt.Errorf("object %q must look like 'resource namespace/name'", object)
	}
	return resource.Path(namespace, name), nil
}
