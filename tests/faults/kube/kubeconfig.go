package kube

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
)

// Admin makes a client from a kubeconfig in JSON with everything inline, as `kubectl config view --raw
// --flatten -o json` prints it.
func Admin(text []byte) (*Client, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
				CA     string `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Certificate string `json:"client-certificate-data"`
				Key         string `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		return nil, fmt.Errorf("kubeconfig: %d clusters and %d users, not one of each", len(config.Clusters), len(config.Users))
	}
	decoded := make([][]byte, 3)
	for i, field := range []string{config.Clusters[0].Cluster.CA, config.Users[0].User.Certificate, config.Users[0].User.Key} {
		data, err := base64.StdEncoding.DecodeString(field)
		if err != nil || len(data) == 0 {
			return nil, fmt.Errorf("kubeconfig: field %d of the credentials is not base64 text", i)
		}
		decoded[i] = data
	}
	return New(config.Clusters[0].Cluster.Server, decoded[0], decoded[1], decoded[2])
}

// WriteOperatorConfig writes the kubeconfig that leads the operator to the proxy, with its token in a file.
func WriteOperatorConfig(path, server string, ca []byte, tokenFile string) error {
	encoded := base64.StdEncoding.EncodeToString(ca)
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: faults
clusters: [{name: proxy, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: operator, user: {tokenFile: %q}}]
contexts: [{name: faults, context: {cluster: proxy, user: operator}}]
`, server, encoded, tokenFile)
	return os.WriteFile(path, []byte(text), 0o600)
}
