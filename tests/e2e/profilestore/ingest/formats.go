package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"connectrpc.com/connect"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

const formMemory = 32 << 20

// sampleTypeConfig is a form's part of that name: by sample type, how it is shown.
type sampleTypeConfig map[string]struct {
	DisplayName string `json:"display-name"`
}

// defaultDisplayNames are the server's where a form brings none: they decide the profile's name.
var defaultDisplayNames = map[string]string{
	"samples": "cpu", "goroutine": "goroutines", "contentions": "mutex_count", "delay": "mutex_duration",
}

func readPprof(about *metadata, raw []byte, config sampleTypeConfig, limit int) ([]profile.Series, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	p, err := profile.Parse(raw, limit)
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	if p.TimeNanos < int64(365*24*3600)*1e9 { // 1970: old agents wrote microseconds, or nothing
		p.TimeNanos = about.start.UnixNano()
	}
	labels := about.labels().With(profile.LabelName, profileName(profile.SampleTypes(p), config))
	if labels.Get(profile.LabelServiceName) == "" {
		labels = labels.With(profile.LabelServiceName, about.name.ServiceName())
	}
	return []profile.Series{{Labels: labels, Profile: p}}, nil
}

// profileName follows the server: by what is measured, with wall-clock time before everything.
func profileName(sampleTypes []string, config sampleTypeConfig) string {
	last := ""
	for _, t := range sampleTypes {
		if t == "wall" {
			return t
		}
	}
	for _, t := range sampleTypes {
		last = t
		if config == nil && defaultDisplayNames[t] != "" {
			last = defaultDisplayNames[t]
		} else if shown := config[t].DisplayName; shown != "" {
			last = shown
		}
		switch {
		case strings.Contains(last, "cpu"):
			return "process_cpu"
		case strings.Contains(last, "alloc_"), strings.Contains(last, "inuse_"), last == "space", last == "objects":
			return "memory"
		case strings.Contains(last, "mutex_"):
			return "mutex"
		case strings.Contains(last, "block_"):
			return "block"
		case strings.Contains(last, "goroutines"):
			return "goroutines"
		}
	}
	return last
}

// labels are those of the name, without private ones, and the agent's kind.
func (m *metadata) labels() profile.Labels {
	labels := profile.Labels{}
	for name, value := range m.name.Labels() {
		if profile.AllowedFromClient(name) && value != "" {
			labels = labels.With(name, value)
		}
	}
	return labels.With(profile.LabelSpy, m.spy)
}

func pprofForm(body []byte, contentType string) ([]byte, sampleTypeConfig, error) {
	form, err := readForm(body, contentType)
	if err != nil {
		return nil, nil, fmt.Errorf("failed to parse pprof /ingest multipart form %w", err)
	}
	if form["prev_profile"] != nil {
		return nil, nil, errors.New("failed to parse pprof /ingest multipart form unsupported client version. " +
			"Please update github.com/grafana/pyroscope-go to the latest version")
	}
	var config sampleTypeConfig
	if text := form["sample_type_config"]; text != nil {
		if err := json.Unmarshal(text, &config); err != nil {
			return nil, nil, fmt.Errorf("failed to parse pprof /ingest multipart form %w", err)
		}
	}
	return form["profile"], config, nil
}

func readForm(body []byte, contentType string) (map[string][]byte, error) {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, err
	}
	form, err := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]).ReadForm(formMemory)
	if err != nil {
		return nil, err
	}
	defer func() { _ = form.RemoveAll() }()
	parts := map[string][]byte{}
	for name, values := range form.Value {
		parts[name] = []byte(values[0])
	}
	for name, files := range form.File {
		file, err := files[0].Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(file)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, err
		}
		parts[name] = content
	}
	return parts, nil
}

// readJFR makes one series of each kind of event. The form's "labels" part (dynamic labels of the
// agent's API) names contexts of samples, which do not change a series, and is not read.
func (h *Handler) readJFR(ctx context.Context, about *metadata, body []byte, contentType string) (
	[]profile.Series, error) {
	if strings.Contains(contentType, "multipart/form-data") {
		form, err := readForm(body, contentType)
		if err != nil {
			return nil, err
		}
		if form["jfr"] == nil {
			return nil, errors.New("jfr field is required")
		}
		body, err = profile.Decompress(form["jfr"], h.Pipeline.limits.MaxProfileSizeBytes)
		if err != nil {
			return nil, fmt.Errorf("loadJFRFromForm failed to decompress jfr: %w", err)
		}
	}
	recording, err := h.JFR.Read(ctx, body)
	if err != nil {
		return nil, err
	}
	labels := about.labels()
	appName := profile.LabelServiceName
	if labels.Get(appName) != "" {
		appName = "app_name"
	}
	labels = labels.With(appName, about.name.ServiceName()).With("jfr_event", recording.Event)
	var series []profile.Series
	for _, p := range recording.Profiles(about.start, about.end, about.sampleRate) {
		series = append(series, profile.Series{Labels: labels.With(profile.LabelName, p.Name), Profile: p.Profile})
	}
	return series, nil
}
