package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// How much is collected before it is written: few TLS records, little memory.
const chunk = 64 << 10

// A continue token holds the version of the first page, which all pages of a list return, and the last
// key. Pages after the first show the objects as they are by then, which a real server does not; a
// client that goes on watching from the token's version receives those changes once more.
func continueToken(version uint64, key string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", version, key))
}

func parseContinue(token string) (version uint64, key string, err *apiError) {
	text, bad := base64.RawURLEncoding.DecodeString(token)
	number, key, found := strings.Cut(string(text), " ")
	version, notNumber := strconv.ParseUint(number, 10, 64)
	if bad != nil || notNumber != nil || !found {
		return 0, "", refusal(http.StatusBadRequest, "BadRequest", "continue key is not valid")
	}
	return version, key, nil
}

func (s *server) list(c call) *apiError {
	f, err := filterOf(c)
	if err != nil {
		return err
	}
	query := c.URL.Query()
	limit, _ := strconv.Atoi(query.Get("limit"))
	var first uint64
	var after string
	if token := query.Get("continue"); token != "" {
		if first, after, err = parseContinue(token); err != nil {
			return err
		}
	}
	items, next, version := s.store.list(c.resource, f, after, limit)
	if first == 0 {
		first = version
	}
	apiVersion, kind := c.apiVersion(), c.kind+"List"
	if c.metadataOnly {
		apiVersion, kind = "meta.k8s.io/v1", "PartialObjectMetadataList"
	}
	out := fmt.Appendf(nil, `{"kind":"%s","apiVersion":"%s","metadata":{"resourceVersion":"%d"`, kind, apiVersion, first)
	if next != "" {
		out = fmt.Appendf(out, `,"continue":"%s"`, continueToken(first, next))
	}
	out = append(out, `},"items":[`...)
	for n, i := range items {
		if n > 0 {
			out = append(out, ',')
		}
		out = i.appendJSON(out, c.metadataOnly)
		if len(out) >= chunk {
			if !s.send(c, out) {
				return nil
			}
			out = out[:0]
		}
	}
	s.send(c, append(out, "]}\n"...))
	return nil
}
