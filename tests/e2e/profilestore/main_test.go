package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

const patience = 30 * time.Second

// binary is this program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "profilestore-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pyroscope")
	output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

type running struct {
	command *exec.Cmd
	base    string
	log     *bytes.Buffer
}

func configuration(t *testing.T, dir string, port int, more string) string {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("architecture_storage: v2\nserver: {http_listen_address: 127.0.0.1, http_listen_port: %d}\n"+
		"storage: {backend: filesystem, filesystem: {dir: %[2]s/shared}}\n"+
		"metastore: {data_dir: %[2]s/meta, raft: {dir: %[2]s/raft}}\n"+
		"segment_writer: {segment_duration: 20ms}\n%[3]s", port, dir, more)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func start(t *testing.T, dir, more, delay string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	r := &running{base: fmt.Sprintf("http://127.0.0.1:%d", port), log: &bytes.Buffer{}}
	r.command = exec.Command(path, "-config.file="+configuration(t, dir, port, more), "-self-profiling.disable-push=true")
	r.command.Env = append(os.Environ(), "PROFILESTORE_READY_DELAY="+delay)
	r.command.Stderr = r.log
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.command.Process.Kill(); _ = r.command.Wait() })
	r.await(t, func() bool { _, _, err := r.get("/ready"); return err == nil })
	return r
}

func (r *running) await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v; log:\n%s", patience, r.log)
		}
	}
}

func (r *running) get(path string) (int, string, error) {
	answer, err := http.Get(r.base + path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func (r *running) push(service, tenant string) error {
	content, err := (&profilev1.Profile{
		StringTable: []string{"", "cpu", "nanoseconds", "main"},
		SampleType:  []*profilev1.ValueType{{Type: 1, Unit: 2}}, PeriodType: &profilev1.ValueType{Type: 1, Unit: 2},
		Function: []*profilev1.Function{{Id: 1, Name: 3}},
		Location: []*profilev1.Location{{Id: 1, Line: []*profilev1.Line{{FunctionId: 1}}}},
		Sample:   []*profilev1.Sample{{LocationId: []uint64{1}, Value: []int64{1}}},
	}).MarshalVT()
	if err != nil {
		return err
	}
	request := connect.NewRequest(&pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{{
		Labels:  []*typesv1.LabelPair{{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: service}},
		Samples: []*pushv1.RawSample{{RawProfile: content}},
	}}})
	request.Header().Set("X-Scope-OrgID", tenant)
	_, err = pushv1connect.NewPusherServiceClient(http.DefaultClient, r.base).Push(context.Background(), request)
	return err
}

func (r *running) services(t *testing.T, tenant string) map[string]bool {
	t.Helper()
	now := time.Now()
	request := connect.NewRequest(&typesv1.LabelValuesRequest{Name: "service_name",
		Start: now.Add(-time.Hour).UnixMilli(), End: now.Add(time.Minute).UnixMilli()})
	request.Header().Set("X-Scope-OrgID", tenant)
	answer, err := querierv1connect.NewQuerierServiceClient(http.DefaultClient, r.base).LabelValues(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range answer.Msg.Names {
		found[name] = true
	}
	return found
}

func TestAcknowledgedPushesSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	var mutex sync.Mutex
	acknowledged := map[string]bool{}
	for round := range 3 {
		r := start(t, dir, "", "0s")
		var pushers sync.WaitGroup
		for worker := range 8 {
			pushers.Go(func() {
				for i := 0; ; i++ {
					name := fmt.Sprintf("r%d-w%d-%d", round, worker, i)
					if r.push(name, "") != nil {
						return // killed
					}
					mutex.Lock()
					acknowledged[name] = true
					mutex.Unlock()
				}
			})
		}
		r.await(t, func() bool { mutex.Lock(); defer mutex.Unlock(); return len(acknowledged) >= (round+1)*60 })
		if err := r.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		pushers.Wait()
		_ = r.command.Wait() // says that it was killed
	}
	found := start(t, dir, "", "0s").services(t, "")
	for name := range acknowledged {
		if !found[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	t.Logf("%d acknowledged, %d found", len(acknowledged), len(found))
}

func TestTerminationAnswersWhatIsUnderWay(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, "", "0s")
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), nil, 0o600); err != nil {
		t.Fatal(err) // it must not be read again
	}
	answers := make(chan error, 20)
	for i := range cap(answers) {
		go func() { answers <- r.push(fmt.Sprint("s", i), "") }()
	}
	if err := <-answers; err != nil {
		t.Fatal(err)
	}
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	taken := 1
	for range cap(answers) - 1 {
		if err := <-answers; err == nil {
			taken++
		} else if connect.CodeOf(err) != connect.CodeUnavailable { // came after the listener was closed
			t.Errorf("%v", err)
		}
	}
	if err := r.command.Wait(); err != nil {
		t.Errorf("%v\n%s", err, r.log)
	}
	if found := start(t, dir, "", "0s").services(t, ""); len(found) < taken {
		t.Errorf("%d acknowledged, %d found", taken, len(found))
	}
}

func TestReadyAfterTheDelay(t *testing.T) {
	r := start(t, t.TempDir(), "", "1s")
	status, body, err := r.get("/ready")
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(body, "Segment Writer not ready: waiting for 1s") {
		t.Errorf("%d %q %v", status, body, err)
	}
	r.await(t, func() bool {
		status, body, err := r.get("/ready")
		return err == nil && status == 200 && body == "ready"
	})
}

func TestTenants(t *testing.T) {
	r := start(t, t.TempDir(), "multitenancy_enabled: true\n", "0s")
	for tenant, code := range map[string]connect.Code{"": connect.CodeUnauthenticated, "a b": connect.CodeUnauthenticated,
		"..": connect.CodeUnauthenticated, strings.Repeat("a", 151): connect.CodeUnauthenticated} {
		if err := r.push("x", tenant); connect.CodeOf(err) != code {
			t.Errorf("%q: %v", tenant, err)
		}
	}
	answer, err := http.Post(r.base+"/ingest?name=a&format=pprof", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct{ Code, Message string }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || answer.StatusCode != 401 || body.Message != "no org id" {
		t.Errorf("/ingest: %d %+v %v", answer.StatusCode, body, err)
	}
	if err := errors.Join(r.push("of-a", "a"), r.push("of-b", "b")); err != nil {
		t.Fatal(err)
	}
	if got := r.services(t, "a"); len(got) != 1 || !got["of-a"] {
		t.Errorf("tenant a sees %v", got)
	}
}

func TestPagesAboutTheProcess(t *testing.T) {
	r := start(t, t.TempDir(), "limits: {retention_period: 3d}\n", "0s")
	if err := r.push("x", ""); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/metrics":                 `pyroscope_distributor_profiles_received_total{scope_name="",scope_version="",tenant="anonymous"} 1`,
		"/api/v1/status/buildinfo": `"status":"success"`,
		"/config":                  "retention_period: 3d",
	} {
		if status, body, err := r.get(path); err != nil || status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %v\n%s", path, status, err, body)
		}
	}
}
