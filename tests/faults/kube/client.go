// Package kube is a small client of the API server for the harness itself: an administrator that goes
// around the proxy.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Object is any object of the API.
type Object map[string]any

// Client is safe for many goroutines.
type Client struct {
	URL  string
	CA   []byte
	http *http.Client
}

// Error is an answer other than 2xx.
type Error struct {
	Code    int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("HTTP %d: %s", e.Code, e.Message) }

// IsNotFound reports whether the API server answered 404.
func IsNotFound(err error) bool { return hasCode(err, http.StatusNotFound) }

// IsConflict reports whether it answered 409.
func IsConflict(err error) bool { return hasCode(err, http.StatusConflict) }

func hasCode(err error, code int) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// NewHTTP speaks HTTP/1.1 with the server of that CA, without its own deadline.
func NewHTTP(ca []byte, certificates ...tls.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: pool, Certificates: certificates, MinVersion: tls.VersionTLS12},
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
			MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
	}
}

// New makes a client with an administrator's certificate.
func New(url string, ca, certificate, key []byte) (*Client, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	return &Client{URL: url, CA: ca, http: NewHTTP(ca, pair)}, nil
}

// Do sends one request; a 4xx or 5xx is an *Error.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body any) (Object, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode > 299 {
		return nil, fmt.Errorf("%s %s: %w", method, path, &Error{response.StatusCode, strings.TrimSpace(string(text[:min(len(text), 300)]))})
	}
	var o Object
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return o, nil
}

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
)

// Get reads a path.
func (c *Client) Get(ctx context.Context, path string) (Object, error) {
	return c.Do(ctx, http.MethodGet, path, jsonType, nil)
}

// Create posts to a collection.
func (c *Client) Create(ctx context.Context, path string, o any) (Object, error) {
	return c.Do(ctx, http.MethodPost, path, jsonType, o)
}

// Merge patches an object.
func (c *Client) Merge(ctx context.Context, path string, patch any) (Object, error) {
	return c.Do(ctx, http.MethodPatch, path+"?fieldManager=faults", mergeType, patch)
}

// Put replaces an object.
func (c *Client) Put(ctx context.Context, path string, o any) (Object, error) {
	return c.Do(ctx, http.MethodPut, path, jsonType, o)
}

// Delete removes at once; a missing object is success.
func (c *Client) Delete(ctx context.Context, path string) error {
	_, err := c.Do(ctx, http.MethodDelete, path, jsonType,
		map[string]any{"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "propagationPolicy": "Background"})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// Items of a list.
func (c *Client) Items(ctx context.Context, path string) ([]Object, error) {
	list, err := c.Get(ctx, path)
	if err != nil {
		return nil, err
	}
	raw, _ := list["items"].([]any)
	items := make([]Object, 0, len(raw))
	for _, item := range raw {
		if o, ok := item.(map[string]any); ok {
			items = append(items, o)
		}
	}
	return items, nil
}

// At follows keys through nested objects; nil when a step is missing.
func (o Object) At(path ...string) any {
	var v any = map[string]any(o)
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// Text is At as a string, "" when it is none.
func (o Object) Text(path ...string) string {
	s, _ := o.At(path...).(string)
	return s
}

// Number is At as a whole number, 0 when it is none.
func (o Object) Number(path ...string) int64 {
	f, _ := o.At(path...).(float64)
	return int64(f)
}

// List is At as a list of objects.
func (o Object) List(path ...string) []Object {
	raw, _ := o.At(path...).([]any)
	var all []Object
	for _, item := range raw {
		if m, ok := item.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}
