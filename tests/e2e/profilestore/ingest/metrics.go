package ingest

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the counters of the server's distributor that dashboards and tests look at.
type Metrics struct {
	profiles     *prometheus.CounterVec
	decompressed *prometheus.HistogramVec
	discarded    *prometheus.CounterVec
	discardedB   *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		profiles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pyroscope_distributor_profiles_received_total",
			Help: "The total number of profiles received, by OpenTelemetry instrumentation scope.",
		}, []string{"tenant", "scope_name", "scope_version"}),
		decompressed: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "pyroscope_distributor_received_decompressed_bytes",
			Help:    "The number of decompressed bytes per profile received.",
			Buckets: prometheus.ExponentialBuckets(1<<10, 4, 8),
		}, []string{"type", "tenant"}),
		discarded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pyroscope_discarded_samples_total",
			Help: "The total number of samples that were discarded.",
		}, []string{"reason", "tenant"}),
		discardedB: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pyroscope_discarded_bytes_total",
			Help: "The total number of bytes that were discarded.",
		}, []string{"reason", "tenant"}),
	}
	registry.MustRegister(m.profiles, m.decompressed, m.discarded, m.discardedB)
	return m
}

func (m *Metrics) discard(reason, tenant string, bytes int) {
	m.discarded.WithLabelValues(reason, tenant).Inc()
	m.discardedB.WithLabelValues(reason, tenant).Add(float64(bytes))
}
