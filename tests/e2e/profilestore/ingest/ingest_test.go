package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/jfr"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

// memory keeps what was appended.
type memory struct {
	records []store.Record
	failure error
}

func (m *memory) Append(_ context.Context, records []store.Record) error {
	m.records = append(m.records, records...)
	return m.failure
}

func pipeline(change func(*config.Limits)) (*Pipeline, *memory) {
	limits := config.Default().Limits
	limits.RejectOlderThan = 0 // the inputs were recorded once
	if change != nil {
		change(&limits)
	}
	kept := &memory{}
	return NewPipeline(&limits, kept, NewMetrics(prometheus.NewRegistry())), kept
}

func input(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("../../../conformance/inputs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func post(p *Pipeline, query, contentType string, body []byte) *httptest.ResponseRecorder {
	handler := tenant.Handler(false, &Handler{Pipeline: p, JFR: jfr.NewReader("", "")}, nil)
	request := httptest.NewRequest(http.MethodPost, "/ingest?"+query, bytes.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func form(t *testing.T, parts map[string][]byte) (string, []byte) {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for name, content := range parts {
		part, err := writer.CreateFormFile(name, name)
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return writer.FormDataContentType(), body.Bytes()
}

func TestIngestNamesProfilesByWhatTheyMeasure(t *testing.T) {
	for file, want := range map[string]string{"cpu.pprof.gz": "process_cpu", "heap.pprof.gz": "memory",
		"block.pprof.gz": "mutex", "mutex.pprof.gz": "mutex", "goroutine.pprof.gz": "goroutines",
		"node-ingest.pprof.gz": "wall"} {
		p, kept := pipeline(nil)
		answer := post(p, "name=shop.api{pod=x,__private=y}&format=pprof&spyName=gospy", "application/octet-stream", input(t, file))
		if answer.Code != http.StatusOK || len(kept.records) != 1 {
			t.Fatalf("%s: %d %s", file, answer.Code, answer.Body)
		}
		labels := kept.records[0].Labels.String()
		if labels != `{__name__="`+want+`", pod="x", pyroscope_spy="gospy", service_name="shop.api"}` {
			t.Errorf("%s: %s", file, labels)
		}
	}
}

func TestIngestForms(t *testing.T) {
	cpu := input(t, "cpu.pprof.gz")
	for name, test := range map[string]struct {
		parts  map[string][]byte
		status int
		want   string
	}{
		"profile":     {map[string][]byte{"profile": cpu}, 200, ""},
		"renamed":     {map[string][]byte{"profile": cpu, "sample_type_config": []byte(`{"cpu":{"display-name":"block_x"}}`)}, 200, ""},
		"bad config":  {map[string][]byte{"profile": cpu, "sample_type_config": []byte(`{`)}, 422, "unexpected end of JSON input"},
		"old client":  {map[string][]byte{"profile": cpu, "prev_profile": cpu}, 422, "unsupported client version"},
		"no profile":  {map[string][]byte{"other": cpu}, 200, ""},
		"bad profile": {map[string][]byte{"profile": []byte("x")}, 422, "parsing IngestInput-pprof failed"},
	} {
		p, kept := pipeline(nil)
		contentType, body := form(t, test.parts)
		answer := post(p, "name=a", contentType, body)
		if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.want) {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
		if name == "renamed" && kept.records[0].Labels.Get("__name__") != "block" {
			t.Errorf("%s: %s", name, kept.records[0].Labels)
		}
	}
}

func TestIngestRefusals(t *testing.T) {
	cpu := input(t, "cpu.pprof.gz")
	for name, test := range map[string]struct {
		query, contentType string
		body               []byte
		change             func(*config.Limits)
		status             int
		code, message      string
	}{
		"no name":       {"format=pprof", "", cpu, nil, 400, "invalid_argument", "name: service name is required"},
		"bad tag":       {"name=a{b-%C3%A4=c}&format=pprof", "", cpu, nil, 400, "invalid_argument", "name: "},
		"unknown":       {"name=a&format=folded", "text/plain", []byte("a;b 1"), nil, 422, "unknown", `format "folded"`},
		"no jfr reader": {"name=a&format=jfr", "", []byte("x"), nil, 422, "unknown", "no JFR reader: "},
		"jfr form":      {"name=a&format=jfr", "multipart/form-data; boundary=x", []byte("--x--"), nil, 422, "unknown", "jfr field is required"},
		"broken form":   {"name=a", "multipart/form-data; boundary=x", []byte("--x"), nil, 422, "unknown", "multipart form"},
		"large body":    {"name=a&format=pprof", "", cpu, func(l *config.Limits) { l.IngestionBodyLimitMB = 0.001 }, 413, "unknown", "request body too large"},
		"large profile": {"name=a&format=pprof", "", cpu, func(l *config.Limits) { l.MaxProfileSizeBytes = 10 }, 422, "unknown", "exceeds maximum allowed size of 10 bytes"},
		"too fast":      {"name=a&format=pprof", "", cpu, func(l *config.Limits) { l.IngestionBurstSizeMB = 0.001 }, 429, "resource_exhausted", "push rate limit (4.0 MiB) exceeded while adding"},
		"too old":       {"name=a&format=pprof", "", cpu, func(l *config.Limits) { l.RejectOlderThan = 1 }, 422, "unknown", "is outside of ingestion window"},
	} {
		p, kept := pipeline(test.change)
		answer := post(p, test.query, test.contentType, test.body)
		var body struct{ Code, Message string }
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Errorf("%s: %d %q", name, answer.Code, answer.Body)
			continue
		}
		if answer.Code != test.status || body.Code != test.code || !strings.Contains(body.Message, test.message) {
			t.Errorf("%s: %d %+v", name, answer.Code, body)
		}
		if len(kept.records) != 0 {
			t.Errorf("%s: stored all the same", name)
		}
	}
}

func push(p *Pipeline, series ...*pushv1.RawProfileSeries) error {
	_, err := (&Pusher{p}).Push(tenant.With(context.Background(), "t"),
		connect.NewRequest(&pushv1.PushRequest{Series: series}))
	return err
}

func raw(service string, profiles ...[]byte) *pushv1.RawProfileSeries {
	series := &pushv1.RawProfileSeries{Labels: []*typesv1.LabelPair{
		{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: service}, {Name: "__delta__", Value: "false"}}}
	for _, content := range profiles {
		series.Samples = append(series.Samples, &pushv1.RawSample{RawProfile: content})
	}
	return series
}

func TestPushKeepsWhatIsGood(t *testing.T) {
	p, kept := pipeline(nil)
	cpu := input(t, "cpu.pprof.gz")
	if err := push(p, raw("a", cpu, []byte("not a profile")), raw("b", cpu)); err == nil {
		t.Error("the bad one was not reported")
	}
	var services []string
	for _, record := range kept.records {
		services = append(services, record.Labels.Get("service_name"))
		if record.Tenant != "t" || record.Labels.Get("__delta__") != "" {
			t.Errorf("%s %s", record.Tenant, record.Labels)
		}
	}
	if !slices.Equal(services, []string{"a", "b"}) {
		t.Errorf("%v", services)
	}
	if got := testutil.ToFloat64(p.metrics.profiles.WithLabelValues("t", "", "")); got != 2 {
		t.Errorf("%v profiles counted", got)
	}
}

func TestPushErrors(t *testing.T) {
	cpu := input(t, "cpu.pprof.gz")
	p, kept := pipeline(nil)
	kept.failure = errors.New("the bucket is away")
	if err := push(p, raw("a", cpu)); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("a failing store: %v", err)
	}
	if err := push(p); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("nothing: %v", err)
	}
	p, _ = pipeline(func(l *config.Limits) { l.MaxProfileSizeBytes = 1000 })
	if err := push(p, raw("a", cpu)); connect.CodeOf(err) != connect.CodeInvalidArgument ||
		!strings.Contains(err.Error(), "uncompressed profile payload size exceeds limit of 1.0 kB") {
		t.Errorf("a large profile: %v", err)
	}
	if got := testutil.ToFloat64(p.metrics.discarded.WithLabelValues("profile_size_limit", "t")); got != 1 {
		t.Errorf("%v rejections counted", got)
	}
}

func TestSampleLabelsBecomeSeries(t *testing.T) {
	p, kept := pipeline(nil)
	if err := push(p, raw("a", input(t, "cpu.pprof.gz"))); err != nil {
		t.Fatal(err)
	}
	for _, record := range kept.records {
		if err := profile.ValidateLabels(record.Labels, p.limits); err != nil {
			t.Error(err)
		}
	}
}
