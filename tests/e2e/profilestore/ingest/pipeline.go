// Package ingest takes profiles in, by push.v1 and by /ingest, as the server's distributor does.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"golang.org/x/time/rate"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/store"
)

// Appender makes records durable; *store.Store is one.
type Appender interface {
	Append(ctx context.Context, records []store.Record) error
}

// Pipeline checks profiles and stores them. It may be used from any goroutine.
type Pipeline struct {
	limits  *config.Limits
	store   Appender
	metrics *Metrics

	mutex    sync.Mutex
	limiters map[string]*rate.Limiter // by tenant
}

// NewPipeline does not own what it is given.
func NewPipeline(limits *config.Limits, appender Appender, metrics *Metrics) *Pipeline {
	return &Pipeline{limits: limits, store: appender, metrics: metrics, limiters: map[string]*rate.Limiter{}}
}

var errNoProfiles = connect.NewError(connect.CodeInvalidArgument, errors.New("no profiles received"))

// Push returns when all that was accepted is durable. One bad series does not keep the others out; the
// first error is returned.
func (p *Pipeline) Push(ctx context.Context, tenant string, series []profile.Series) error {
	if len(series) == 0 {
		return errNoProfiles
	}
	var records []store.Record
	var failed error
	for _, s := range series {
		accepted, err := p.accept(tenant, s)
		if err != nil && failed == nil {
			failed = err
		}
		for _, part := range accepted {
			records = append(records, store.Record{Tenant: tenant, Series: part})
		}
	}
	if len(records) > 0 {
		if err := p.store.Append(ctx, records); err != nil {
			return connect.NewError(connect.CodeUnavailable, err)
		}
	}
	return failed
}

// accept checks one profile and returns the series it becomes.
func (p *Pipeline) accept(tenant string, s profile.Series) ([]profile.Series, error) {
	labels := s.Labels.Without(profile.LabelDelta)
	if labels.Get(profile.LabelServiceName) == "" {
		labels = labels.With(profile.LabelServiceName, profile.FallbackService)
	}
	profileSize := s.Profile.SizeVT()
	size := labels.Size() + profileSize
	if !p.limiter(tenant).AllowN(time.Now(), size) {
		p.metrics.discard("rate_limited", tenant, size)
		return nil, connect.NewError(connect.CodeResourceExhausted, fmt.Errorf(
			"push rate limit (%s) exceeded while adding %s",
			humanize.IBytes(uint64(p.limits.IngestionRateMB*(1<<20))), humanize.IBytes(uint64(size))))
	}
	p.metrics.profiles.WithLabelValues(tenant, labels.Get("otel.scope.name"), labels.Get("otel.scope.version")).Inc()
	p.metrics.decompressed.WithLabelValues(labels.Get(profile.LabelName), tenant).Observe(float64(profileSize))
	err := profile.Validate(s.Profile, labels, profileSize, p.limits, time.Now())
	if err != nil {
		return nil, p.reject(err, tenant, size)
	}
	parts := profile.Split(labels, s.Profile)
	for _, part := range parts {
		if err := profile.ValidateLabels(part.Labels, p.limits); err != nil {
			return nil, p.reject(err, tenant, size)
		}
	}
	return parts, nil
}

// reject counts a rejection and gives it the code that answers it.
func (p *Pipeline) reject(err error, tenant string, size int) error {
	var rejection *profile.Rejection
	if !errors.As(err, &rejection) {
		return err
	}
	p.metrics.discard(rejection.Reason, tenant, size)
	return connect.NewError(connect.CodeInvalidArgument, err)
}

func (p *Pipeline) limiter(tenant string) *rate.Limiter {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	limiter, known := p.limiters[tenant]
	if !known {
		limiter = rate.NewLimiter(rate.Limit(p.limits.IngestionRateMB*(1<<20)),
			int(p.limits.IngestionBurstSizeMB*(1<<20)))
		p.limiters[tenant] = limiter
	}
	return limiter
}
