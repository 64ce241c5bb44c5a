package proxy

import (
	"net/url"
	"testing"

	"profiling.dev/profiling-operator/tests/faults/plan"
)

func TestParseReadsWhatARequestMeans(t *testing.T) {
	const apply, merge = "application/apply-patch+yaml", "application/merge-patch+json"
	for _, row := range []struct {
		method, target, contentType, body string
		want                              Exchange
	}{
		{"GET", "/api/v1/namespaces/ns/secrets/tls", "", "", Exchange{Verb: "get", Resource: "secrets", Namespace: "ns", Name: "tls"}},
		{"GET", "/api/v1/pods?labelSelector=a%3Db&limit=500", "", "", Exchange{Verb: "list", Resource: "pods", Selector: "a=b"}},
		{"GET", "/api/v1/pods?watch=true&resourceVersion=5", "", "", Exchange{Verb: "watch", Resource: "pods"}},
		{"GET", "/api/v1/pods?watch=true&sendInitialEvents=true", "", "", Exchange{Verb: "watchlist", Resource: "pods"}},
		{"GET", "/api/v1/namespaces/ns/secrets?watch=true&fieldSelector=metadata.name%3Dtls", "", "", Exchange{Verb: "watch", Resource: "secrets", Namespace: "ns", Name: "tls"}},
		{"POST", "/api/v1/namespaces/ns/secrets?x=y", "application/json", `{"metadata":{"name":"tls"}}`, Exchange{Verb: "create", Resource: "secrets", Namespace: "ns", Name: "tls"}},
		{"PATCH", "/apis/apps/v1/namespaces/ns/statefulsets/s", apply, "{}", Exchange{Verb: "apply", Group: "apps", Resource: "statefulsets", Namespace: "ns", Name: "s"}},
		{"PATCH", "/apis/profiling.dev/v1alpha1/namespaces/ns/profilingservers/p/status", merge, "{}", Exchange{Verb: "patch", Group: "profiling.dev", Resource: "profilingservers", Subresource: "status", Namespace: "ns", Name: "p"}},
		{"PATCH", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/w", apply, "{}", Exchange{Verb: "apply", Group: "admissionregistration.k8s.io", Resource: "mutatingwebhookconfigurations", Name: "w"}},
		{"PUT", "/api/v1/namespaces/ns/finalize", "", "{}", Exchange{Verb: "update", Resource: "namespaces", Name: "ns", Subresource: "finalize"}},
		{"GET", "/api/v1/namespaces/ns", "", "", Exchange{Verb: "get", Resource: "namespaces", Name: "ns"}},
		{"DELETE", "/api/v1/namespaces/ns/pods/a%2Fb", "", "{}", Exchange{Verb: "delete", Resource: "pods", Namespace: "ns", Name: "a/b"}},
		{"GET", "/readyz", "", "", Exchange{Verb: "get"}},
	} {
		u, err := url.Parse(row.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := Parse(row.method, u, row.contentType, []byte(row.body)); got != row.want {
			t.Errorf("%s %s:\n got %+v\nwant %+v", row.method, row.target, got, row.want)
		}
	}
}

func TestMatches(t *testing.T) {
	status := Exchange{Client: "a", Verb: "patch", Resource: "profilingservers", Subresource: "status", Namespace: "ns", Name: "p"}
	lease := Exchange{Client: "a", Verb: "patch", Resource: "leases", Namespace: "ns", Name: "l"}
	for _, row := range []struct {
		match plan.Match
		ex    Exchange
		want  bool
	}{
		{plan.Match{}, status, true},
		{plan.Match{}, lease, false}, // comes by the clock: only when it is named
		{plan.Match{Verb: "write"}, lease, false},
		{plan.Match{Resource: "leases"}, lease, true},
		{plan.Match{Verb: "write", Subresource: "-"}, status, false},
		{plan.Match{Verb: "read"}, status, false},
		{plan.Match{Object: "ns/*"}, status, true},
		{plan.Match{Object: "*"}, status, false}, // a star does not reach over the slash
		{plan.Match{Client: "b"}, status, false},
		{plan.Match{Selector: "a=b"}, status, false},
	} {
		if got := Matches(row.match, &row.ex); got != row.want {
			t.Errorf("%+v matches %s %s: %v", row.match, row.ex.Verb, row.ex.Resource, got)
		}
	}
}

func TestConditionalRecognisesWritesThatNameTheirObject(t *testing.T) {
	for _, row := range []struct {
		verb, body string
		want       bool
	}{
		{"delete", `{"preconditions":{"uid":"u"}}`, true},
		{"delete", `{"metadata":{"uid":"u"}}`, false},
		{"update", `{"metadata":{"resourceVersion":"1"}}`, true},
		{"update", `{"metadata":{"uid":"u"}}`, false},
		{"patch", `{"metadata":{"uid":"u"},"status":{"conditions":"odd"}}`, true},
		{"patch", `{"status":{}}`, false},
	} {
		if got := conditional(&Exchange{Verb: row.verb}, []byte(row.body)); got != row.want {
			t.Errorf("%s %s: %v", row.verb, row.body, got)
		}
	}
}
