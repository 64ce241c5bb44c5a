// Package tenant determines the tenant of a request: one tenant for everything, or with multi-tenancy the one that
// the X-Scope-OrgID header names.
package tenant

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"
)

const (
	header    = "X-Scope-OrgID"
	anonymous = "anonymous"
	maxLength = 150
)

type key struct{}

// From returns the tenant that the request's context carries.
func From(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// With returns a context that carries the tenant.
func With(ctx context.Context, id string) context.Context { return context.WithValue(ctx, key{}, id) }

var errMissing = errors.New("no org id")

func identify(multi bool, headers http.Header) (string, error) {
	if !multi {
		return anonymous, nil
	}
	id := headers.Get(header)
	switch {
	case id == "":
		return "", errMissing
	case len(id) > maxLength:
		return "", fmt.Errorf("tenant ID is too long: max %d characters", maxLength)
	case id == "." || id == "..":
		return "", errors.New("tenant ID is '.' or '..'")
	}
	for i, r := range id {
		if !allowed(r) {
			return "", fmt.Errorf("tenant ID '%s' contains unsupported character '%c' at position %d", id, r, i)
		}
	}
	return id, nil
}

func allowed(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		strings.ContainsRune("!-_.*'()", r)
}

// Interceptor puts the tenant into the context of every call, or answers it "unauthenticated".
func Interceptor(multi bool) connect.Interceptor {
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			id, err := identify(multi, request.Header())
			if err != nil {
				return nil, connect.NewError(connect.CodeUnauthenticated, err)
			}
			return next(With(ctx, id), request)
		}
	})
}

// Handler does the same for a plain HTTP handler; refused is called for a request without a tenant.
func Handler(multi bool, next http.Handler, refused func(http.ResponseWriter, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := identify(multi, r.Header)
		if err != nil {
			refused(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
	})
}
