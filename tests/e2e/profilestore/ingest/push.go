package ingest

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
	"profiling.dev/profiling-operator/tests/e2e/profilestore/tenant"
)

// Pusher serves push.v1.PusherService.
type Pusher struct{ Pipeline *Pipeline }

// Push takes a batch of profiles. Those that can be read are stored even when others cannot.
func (p *Pusher) Push(ctx context.Context, request *connect.Request[pushv1.PushRequest]) (
	*connect.Response[pushv1.PushResponse], error) {
	who := tenant.From(ctx)
	var series []profile.Series
	var failed error
	for _, sent := range request.Msg.Series {
		for _, sample := range sent.Samples {
			parsed, err := profile.Parse(sample.RawProfile, p.Pipeline.limits.MaxProfileSizeBytes)
			var large *profile.TooLargeError
			if errors.As(err, &large) {
				err = p.Pipeline.reject(profile.Rejectf("profile_size_limit",
					"uncompressed profile payload size exceeds limit of %s",
					humanize.Bytes(uint64(large.Limit))), who, large.Limit)
			}
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			series = append(series, profile.Series{Labels: profile.FromPairs(sent.Labels), Profile: parsed})
		}
	}
	if len(series) == 0 && failed != nil {
		return nil, failed
	}
	if err := errors.Join(failed, p.Pipeline.Push(ctx, who, series)); err != nil {
		return nil, err
	}
	return connect.NewResponse(&pushv1.PushResponse{}), nil
}
