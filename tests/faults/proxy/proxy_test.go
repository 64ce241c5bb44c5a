package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"profiling.dev/profiling-operator/tests/faults/kube"
	"profiling.dev/profiling-operator/tests/faults/plan"
)

type nobody struct{ signals atomic.Int64 }

func (n *nobody) Signal(string, string, time.Duration) { n.signals.Add(1) }
func (*nobody) Rotate()                                {}
func (*nobody) Foreign([]byte)                         {}
func (*nobody) Vanish(*Exchange)                       {}
func (*nobody) Wrote(*Record)                          {}

type bench struct {
	url     string
	client  *http.Client
	trace   *Trace
	lines   bytes.Buffer
	proxy   *Proxy
	arrived atomic.Int64 // at the API server
}

const objectJSON = `{"kind":"Secret","metadata":{"name":"s","resourceVersion":"7"},"data":{"key":"Y2FuYXJ5"}}`

func newBench(t *testing.T, faults ...plan.Fault) *bench {
	t.Helper()
	b := &bench{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet { // the proxy itself looks before a write
			b.arrived.Add(1)
		}
		if r.URL.Query().Get("watch") == "true" {
			for i := range 3 {
				fmt.Fprintf(w, `{"type":"ADDED","object":{"metadata":{"name":"o%d","resourceVersion":"%d"}}}`+"\n", i, i+10)
				w.(http.Flusher).Flush()
			}
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, objectJSON)
	}))
	t.Cleanup(server.Close)
	identity, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	b.trace = NewTrace(&b.lines)
	b.proxy, err = New(Upstream{server.URL, server.Client()}, identity, b.trace, NewRules(faults, b.trace), &nobody{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.proxy.Close)
	if b.url, err = b.proxy.Listen("a"); err != nil {
		t.Fatal(err)
	}
	b.client = kube.NewHTTP(identity.CA)
	return b
}

func (b *bench) ask(t *testing.T, method, path string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer very-secret-token")
	response, err := b.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// recorded waits for that many requests in the trace: a line is written after the answer is sent, so
// that a client may see that first.
func (b *bench) recorded(t *testing.T, count int) []*Record {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(b.trace.Records()) < count; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("recorded: %+v, not %d", b.trace.Records(), count)
		}
	}
	return b.trace.Records()
}

func at(phase, do string) plan.Fault {
	return plan.Fault{On: plan.Trigger{Phase: phase}, Do: do}
}

const secret = "/api/v1/namespaces/ns/secrets/s"

func TestWithoutFaultsRequestsPassAndAreRecordedWithoutSecrets(t *testing.T) {
	b := newBench(t)
	if status, text, err := b.ask(t, "GET", secret); status != 200 || text != objectJSON || err != nil {
		t.Fatal(status, text, err)
	}
	records := b.recorded(t, 1)
	if len(records) != 1 || records[0].Verb != "get" || records[0].Status != 200 || records[0].ResourceVersion != "7" || records[0].Token != 1 {
		t.Errorf("recorded: %+v", records)
	}
	for _, s := range []string{"very-secret-token", "Y2FuYXJ5"} {
		if strings.Contains(b.lines.String(), s) {
			t.Errorf("%q is in the trace", s)
		}
	}
}

func TestABlockedRequestDoesNotArriveAndALostAnswerDoes(t *testing.T) {
	for phase, want := range map[string]int64{plan.Before: 0, plan.After: 1} {
		b := newBench(t, at(phase, "close"))
		if _, _, err := b.ask(t, "PATCH", secret); err == nil {
			t.Errorf("%s: there was an answer", phase)
		}
		if got := b.arrived.Load(); got != want {
			t.Errorf("%s: %d requests arrived, not %d", phase, got, want)
		}
		if status, _, err := b.ask(t, "PATCH", secret); status != 200 || err != nil {
			t.Errorf("%s: the next request: %d, %v", phase, status, err)
		}
	}
}

func TestARequestIsDeliveredTwice(t *testing.T) {
	fault := at(plan.Before, "twice")
	fault.How = "second"
	b := newBench(t, fault)
	if _, _, err := b.ask(t, "POST", "/api/v1/namespaces/ns/secrets"); err != nil || b.arrived.Load() != 2 {
		t.Errorf("%d arrived, %v", b.arrived.Load(), err)
	}
}

func TestDamagedAnswersAreDamaged(t *testing.T) {
	for _, how := range []string{"truncated", "bad-chunk", "bad-head"} {
		fault := at(plan.After, "corrupt")
		fault.How = how
		if _, text, err := newBench(t, fault).ask(t, "GET", secret); err == nil {
			t.Errorf("%s: read without an error: %q", how, text)
		}
	}
	fault := at(plan.After, "corrupt")
	fault.How = "html"
	if status, text, _ := newBench(t, fault).ask(t, "GET", secret); status != 200 || !strings.Contains(text, "<html>") {
		t.Errorf("html: %d %q", status, text)
	}
}

func TestARefusalLooksLikeTheAPIServers(t *testing.T) {
	fault := at(plan.Before, "answer")
	fault.Status, fault.RetryAfter = 429, 2
	b := newBench(t, fault)
	status, text, err := b.ask(t, "PATCH", secret)
	if status != 429 || !strings.Contains(text, `"reason":"TooManyRequests"`) || err != nil || b.arrived.Load() != 0 {
		t.Errorf("%d %q %v, %d arrived", status, text, err, b.arrived.Load())
	}
	for _, r := range b.recorded(t, 1) {
		if r.Kind == "request" && r.RetryAfter != 2 {
			t.Errorf("recorded: %+v", r)
		}
	}
}

func TestAWatchIsResetInTheMidstOfALine(t *testing.T) {
	fault := at(plan.Mid, "reset-stream")
	fault.On.Nth = 2
	b := newBench(t, fault)
	response, err := b.client.Get(b.url + "/api/v1/pods?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	reader := bufio.NewReader(response.Body)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, `"o0"`) {
		t.Fatalf("first line %q, %v", line, err)
	}
	rest, err := reader.ReadString('\n')
	if err == nil || strings.HasSuffix(rest, "\n") {
		t.Errorf("a whole second line: %q, %v", rest, err)
	}
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ended by %v", err)
	}
}

func TestARedirectLeadsToTheDecoyWhichCounts(t *testing.T) {
	fault := at(plan.Before, "redirect")
	fault.Status = 307
	b := newBench(t, fault)
	if status, _, err := b.ask(t, "GET", secret); status != 307 || err != nil {
		t.Fatal(status, err)
	}
	if n, _ := b.proxy.Decoy().Arrived(); n != 0 {
		t.Errorf("%d requests at the decoy already", n)
	}
	request, _ := http.NewRequest("GET", b.proxy.Decoy().URL+"/x", nil)
	request.Header.Set("Authorization", "Bearer x")
	if _, err := b.client.Do(request); err != nil {
		t.Fatal(err)
	}
	if n, tokens := b.proxy.Decoy().Arrived(); n != 1 || tokens != 1 {
		t.Errorf("%d requests, %d tokens", n, tokens)
	}
}

func TestARefusedTokenStaysRefused(t *testing.T) {
	b := newBench(t, at(plan.Before, "rotate"))
	for range 2 {
		if status, _, _ := b.ask(t, "GET", secret); status != 401 {
			t.Errorf("answered with %d", status)
		}
	}
}

func TestTheProxyReopensOnTheSamePort(t *testing.T) {
	b := newBench(t)
	b.proxy.Refuse(200 * time.Millisecond)
	if _, _, err := b.ask(t, "GET", secret); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("not refused: %v", err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		if status, _, _ := b.ask(t, "GET", secret); status == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it stays shut")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
