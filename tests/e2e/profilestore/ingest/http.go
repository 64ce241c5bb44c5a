package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/pyroscope/api/model/labelset"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/jfr"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

const defaultSampleRate = 100 // hertz, where the request names none

// Handler serves POST /ingest, the agents' older interface.
type Handler struct {
	Pipeline *Pipeline
	JFR      *jfr.Reader
}

// metadata is what the query string says about the body.
type metadata struct {
	name       *labelset.LabelSet
	start, end time.Time
	sampleRate int64
	spy        string
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	about, err := parseMetadata(r)
	if err != nil {
		WriteError(w, http.StatusBadRequest, err)
		return
	}
	if limit := int64(h.Pipeline.limits.IngestionBodyLimitMB * (1 << 20)); limit > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		h.Pipeline.metrics.discard("body_size_limit_exceeded", tenant.From(r.Context()), int(tooLarge.Limit))
		WriteError(w, http.StatusRequestEntityTooLarge, fmt.Errorf("request body too large: %w", err))
		return
	case err != nil:
		WriteError(w, http.StatusRequestTimeout, fmt.Errorf("error reading request body: %w", err))
		return
	}
	series, err := h.read(r, about, body)
	if err != nil {
		WriteError(w, http.StatusUnprocessableEntity, fmt.Errorf("parsing IngestInput-pprof failed %w", err))
		return
	}
	if len(series) == 0 {
		return // nothing was sent: the server calls that a success
	}
	if err := h.Pipeline.Push(r.Context(), tenant.From(r.Context()), series); err != nil {
		status := http.StatusUnprocessableEntity
		if connect.CodeOf(err) == connect.CodeResourceExhausted {
			status = http.StatusTooManyRequests
		}
		WriteError(w, status, fmt.Errorf("pushing IngestInput-pprof failed %w", err))
	}
}

// read makes series of the body, in the format that the query or the content type names.
func (h *Handler) read(r *http.Request, about *metadata, body []byte) ([]profile.Series, error) {
	limit := h.Pipeline.limits.MaxProfileSizeBytes
	contentType := r.Header.Get("Content-Type")
	multipart := strings.Contains(contentType, "multipart/form-data")
	switch format := r.URL.Query().Get("format"); {
	case format == "jfr":
		return h.readJFR(r.Context(), about, body, contentType)
	case format == "pprof":
		return readPprof(about, body, nil, limit)
	case multipart && format == "":
		content, config, err := pprofForm(body, contentType)
		if err != nil {
			return nil, err
		}
		return readPprof(about, content, config, limit)
	default:
		return nil, fmt.Errorf("format %q with content type %q is not supported: this store reads "+
			"format=pprof, format=jfr and a multipart form without a format", format, contentType)
	}
}

func parseMetadata(r *http.Request) (*metadata, error) {
	query := r.URL.Query()
	name, err := labelset.Parse(query.Get("name"))
	if err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	about := &metadata{name: name, start: parseTime(query.Get("from")), end: parseTime(query.Get("until")),
		sampleRate: defaultSampleRate, spy: query.Get("spyName")}
	if about.spy == "" {
		about.spy = "unknown"
	}
	if rate, err := strconv.ParseUint(query.Get("sampleRate"), 10, 31); err == nil {
		about.sampleRate = int64(rate)
	}
	return about, nil
}

// parseTime reads Unix time in seconds, milli-, micro- or nanoseconds, distinguished by their length.
// Anything else is now.
func parseTime(text string) time.Time {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Now()
	}
	switch len(text) {
	case 13:
		return time.UnixMilli(value)
	case 16:
		return time.UnixMicro(value)
	case 19:
		return time.Unix(0, value)
	}
	return time.Unix(value, 0)
}

// WriteError answers as the server's plain HTTP handlers do; the code follows from the status.
func WriteError(w http.ResponseWriter, status int, err error) {
	code := connect.CodeUnknown
	switch status {
	case http.StatusBadRequest:
		code = connect.CodeInvalidArgument
	case http.StatusUnauthorized:
		code = connect.CodeUnauthenticated
	case http.StatusTooManyRequests:
		code = connect.CodeResourceExhausted
	case http.StatusRequestTimeout:
		code = connect.CodeDeadlineExceeded
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error here means that the client is gone.
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": err.Error()})
}
