// Package server is the HTTP side: the routes, readiness, and the pages about the process itself.
package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.yaml.in/yaml/v3"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/ingest"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/jfr"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/query"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

// Version is that of the server whose answers this store gives.
const Version = "2.2.0-profilestore"

// Server answers requests. It is not ready before the delay has passed, nor once Drain was called.
type Server struct {
	config     *config.Config
	readyAfter time.Time
	delay      time.Duration
	draining   atomic.Bool
	handler    http.Handler
}

// New does not own the store and the reader.
func New(c *config.Config, s *store.Store, reader *jfr.Reader, readyDelay time.Duration) *Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "pyroscope_build_info", Help: "A metric with a constant '1' value, labelled with the version.",
	}, []string{"version", "goversion"})
	build.WithLabelValues(Version, runtime.Version()).Set(1)
	registry.MustRegister(build)

	server := &Server{config: c, delay: readyDelay, readyAfter: time.Now().Add(readyDelay)}
	pipeline := ingest.NewPipeline(&c.Limits, s, ingest.NewMetrics(registry))
	server.handler = server.routes(pipeline, &query.Querier{Limits: &c.Limits, Store: s}, reader, registry)
	return server
}

func (s *Server) routes(pipeline *ingest.Pipeline, querier *query.Querier, reader *jfr.Reader,
	registry *prometheus.Registry) http.Handler {
	multi := s.config.MultitenancyEnabled
	options := []connect.HandlerOption{connect.WithInterceptors(tenant.Interceptor(multi))}
	if limit := int(s.config.Limits.IngestionBodyLimitMB * (1 << 20)); limit > 0 {
		options = append(options, connect.WithReadMaxBytes(limit))
	}
	mux := http.NewServeMux()
	mux.Handle(pushv1connect.NewPusherServiceHandler(&ingest.Pusher{Pipeline: pipeline}, options...))
	mux.Handle(querierv1connect.NewQuerierServiceHandler(querier, options...))
	older := tenant.Handler(multi, &ingest.Handler{Pipeline: pipeline, JFR: reader},
		func(w http.ResponseWriter, err error) { ingest.WriteError(w, http.StatusUnauthorized, err) })
	mux.Handle("/ingest", older)
	mux.Handle("/pyroscope/ingest", older)
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/ready", s.ready)
	mux.HandleFunc("/config", s.showConfig)
	mux.HandleFunc("/api/v1/status/config", s.showConfig)
	mux.HandleFunc("/api/v1/status/buildinfo", showBuild)
	return mux
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain makes the server unready; it still answers requests in flight.
func (s *Server) Drain() { s.draining.Store(true) }

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.draining.Load():
		http.Error(w, "Some services are not Running:\nStopping: [distributor segment-writer server]\n",
			http.StatusServiceUnavailable)
	case time.Now().Before(s.readyAfter):
		http.Error(w, fmt.Sprintf("Segment Writer not ready: waiting for %s after being ready", s.delay),
			http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("ready")) // an error means that the client has disconnected
	}
}

func (s *Server) showConfig(w http.ResponseWriter, _ *http.Request) {
	text, err := yaml.Marshal(s.config)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/yaml; charset=utf-8")
	_, _ = w.Write(text)
}

func showBuild(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]string{
		"version": Version, "revision": "", "branch": "", "buildUser": "", "buildDate": "",
		"goVersion": runtime.Version(),
	}})
}
