package world

import (
	"context"
	"fmt"
	"time"
)

// Until polls a condition until it holds, it fails, or the context ends.
func Until(ctx context.Context, what string, condition func() (bool, error)) error {
	for {
		ok, err := condition()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
