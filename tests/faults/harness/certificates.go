package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"profiling.dev/profiling-operator/tests/faults/kube"
)

// checkCertificates reports defects of the webhook's certificates: their bytes differ between runs, so
// O1 cannot compare them, but each run must have valid ones.
func (e *Execution) checkCertificates(ctx context.Context) []string {
	get := func(path string) kube.Object {
		o, err := e.plane.Admin.Get(ctx, path)
		if err != nil {
			return kube.Object{}
		}
		return o
	}
	const core = "/api/v1/namespaces/profiling-system/"
	leaf := get(core + "secrets/profiling-operator-tls")
	ca := get(core + "secrets/profiling-operator-tls-ca")
	published := get(core+"configmaps/profiling-operator-ca").Text("data", "ca.crt")
	webhooks := get("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/profiling-operator").List("webhooks")

	var problems []string
	pair, err := tls.X509KeyPair(decode(leaf.Text("data", "tls.crt")), decode(leaf.Text("data", "tls.key")))
	if err != nil {
		return []string{"the serving certificate: " + err.Error()}
	}
	if _, err := tls.X509KeyPair(decode(ca.Text("data", "ca.crt")), decode(ca.Text("data", "ca.key"))); err != nil {
		problems = append(problems, "the CA: "+err.Error())
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return append(problems, err.Error())
	}
	verify := func(where string, bundle []byte) {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(bundle)
		_, err := certificate.Verify(x509.VerifyOptions{Roots: pool, DNSName: "profiling-operator-webhook.profiling-system.svc"})
		if err != nil {
			problems = append(problems, fmt.Sprintf("who trusts the bundle of the %s does not trust the webhook: %v", where, err))
		}
	}
	verify("ConfigMap", []byte(published))
	if len(webhooks) == 0 {
		problems = append(problems, "the webhook configuration has no webhook")
	}
	for _, w := range webhooks {
		verify("webhook configuration", decode(w.Text("clientConfig", "caBundle")))
	}
	return problems
}

func decode(text string) []byte {
	data, _ := base64.StdEncoding.DecodeString(text)
	return data
}
