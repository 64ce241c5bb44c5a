package main

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"
)

const maxBody = 3 << 20

// write carries out everything but reads.
func (s *server) write(c call) *apiError {
	if (c.name == "") != (c.verb == "create" && c.subresource == "") || c.namespaced && c.namespace == "" {
		return refusal(http.StatusMethodNotAllowed, "MethodNotAllowed", "the server does not allow this method on the requested resource")
	}
	body, err := bodyOf(c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	var stored item
	var failed error
	switch {
	case c.verb == "delete" || c.subresource == "eviction":
		stored, failed = s.remove(c, body)
	case c.verb == "create":
		stored, failed = s.create(c, body)
		status = http.StatusCreated
	default:
		stored, status, failed = s.edit(c, body)
	}
	if failed != nil {
		return failed.(*apiError)
	}
	c.WriteHeader(status)
	s.send(c, stored.appendJSON(nil, c.metadataOnly))
	return nil
}

func bodyOf(c call) (map[string]any, *apiError) {
	body := map[string]any{}
	text, err := io.ReadAll(io.LimitReader(c.Body, maxBody))
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &body)
	}
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "BadRequest", "the body is not a JSON object")
	}
	return body, nil
}

func (s *server) create(c call, body map[string]any) (item, error) {
	metadata := child(body, "metadata")
	if text(metadata, "name") == "" {
		prefix := text(metadata, "generateName")
		if prefix == "" {
			return nil, refusal(http.StatusUnprocessableEntity, "Invalid", "metadata.name: Required value")
		}
		metadata["name"] = prefix + string(letters(nil, uint64(time.Now().UnixNano()), 5))
	}
	c.name = text(metadata, "name")
	return s.store.change(c.resource, keyOf(c.namespace, c.name), func(old item, version uint64) (item, item, error) {
		if old != nil {
			return nil, nil, refusal(http.StatusConflict, "AlreadyExists", "%s %q already exists", c.plural, c.name)
		}
		return c.born(body, version), nil, nil
	})
}

// born fills in what a server does.
func (c call) born(object map[string]any, version uint64) item {
	object["apiVersion"], object["kind"] = c.apiVersion(), c.kind
	metadata := child(object, "metadata")
	if c.namespaced {
		metadata["namespace"] = c.namespace
	}
	metadata["uid"] = string(appendUID(nil, 'X', version))
	metadata["creationTimestamp"] = time.Now().UTC().Format(time.RFC3339)
	metadata["generation"] = 1
	return newDocument(object, version)
}

// conflict checks the preconditions of a write.
func conflict(c call, expected map[string]any, old item) error {
	metadata := toDocument(old)["metadata"].(map[string]any)
	for _, key := range []string{"uid", "resourceVersion"} {
		if want := text(expected, key); want != "" && want != text(metadata, key) {
			return refusal(http.StatusConflict, "Conflict", "%s %q: %s is %s, not %s", c.plural, c.name, key, text(metadata, key), want)
		}
	}
	return nil
}

// edit carries out a patch, an apply or an update.
func (s *server) edit(c call, body map[string]any) (item, int, error) {
	status := http.StatusOK
	stored, err := s.store.change(c.resource, keyOf(c.namespace, c.name), func(old item, version uint64) (item, item, error) {
		if old == nil {
			if c.verb != "apply" || c.subresource != "" {
				return nil, nil, notFound(c.target)
			}
			status = http.StatusCreated
			return c.born(body, version), nil, nil
		}
		metadata, _ := body["metadata"].(map[string]any)
		if err := conflict(c, metadata, old); err != nil {
			return nil, nil, err
		}
		before, next := toDocument(old), toDocument(old)
		c.replace(next, body)
		if reflect.DeepEqual(before, next) {
			return old, nil, nil
		}
		if !reflect.DeepEqual(before["spec"], next["spec"]) {
			m := child(next, "metadata")
			generation, _ := strconv.Atoi(string(asNumber(m["generation"])))
			m["generation"] = generation + 1
		}
		return newDocument(next, version), nil, nil
	})
	return stored, status, err
}

func asNumber(v any) json.Number { n, _ := v.(json.Number); return n }

// replace changes `next` as the body says; through a subresource only that part, else all but that.
func (c call) replace(next, body map[string]any) {
	kept := map[string]any{}
	for _, key := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "name", "namespace"} {
		kept[key] = child(next, "metadata")[key]
	}
	switch status := next["status"]; {
	case c.subresource == "status":
		merge(next, map[string]any{"status": body["status"]})
	case c.verb == "update":
		clear(next)
		merge(next, body)
		next["status"] = status
	default:
		delete(body, "status")
		merge(next, body)
	}
	metadata := child(next, "metadata")
	for key, value := range kept {
		if value != nil {
			metadata[key] = value
		}
	}
	next["apiVersion"], next["kind"] = c.apiVersion(), c.kind
	normalise(next)
}

// normalise makes numbers comparable regardless of their decoding.
func normalise(object map[string]any) {
	text, _ := json.Marshal(object)
	fresh := toDocument(&document{text: text})
	clear(object)
	for key, value := range fresh {
		object[key] = value
	}
}

func (s *server) remove(c call, body map[string]any) (item, error) {
	options := body
	if c.subresource == "eviction" {
		options, _ = body["deleteOptions"].(map[string]any)
	}
	preconditions, _ := options["preconditions"].(map[string]any)
	return s.store.change(c.resource, keyOf(c.namespace, c.name), func(old item, version uint64) (item, item, error) {
		if old == nil {
			return nil, nil, notFound(c.target)
		}
		if err := conflict(c, preconditions, old); err != nil {
			return nil, nil, err
		}
		object := toDocument(old)
		if finalizers, _ := child(object, "metadata")["finalizers"].([]any); len(finalizers) > 0 {
			child(object, "metadata")["deletionTimestamp"] = time.Now().UTC().Format(time.RFC3339)
			return newDocument(object, version), nil, nil
		}
		return nil, newDocument(object, version), nil
	})
}
