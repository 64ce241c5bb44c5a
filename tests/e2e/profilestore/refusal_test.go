package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The exit codes and last messages are those observed from a real server.
func TestBadConfigurations(t *testing.T) {
	s3 := func(more string) string {
		return "architecture_storage: v2\nstorage:\n  backend: s3\n  s3:\n    bucket_name: profiles\n    " + more + "\n"
	}
	for text, want := range map[string]string{
		s3("endpoint: s3:7070\n    bucket: b"):            "line 7: field bucket not found in type s3.Config",
		s3("bucket_lookup_type: path"):                    "failed creating pyroscope: invalid S3 bucket lookup type",
		s3("endpoint: http://s3:7070"):                    "unable to initialise bucket: initialize s3 client: Endpoint url cannot have fully qualified paths.",
		s3("endpoint: https://s3.amazonaws.com"):          "initialize s3 client: Endpoint url cannot have fully qualified paths.",
		s3("region: r"):                                   "no s3 endpoint in config file",
		s3("endpoint: s3:7070\n    access_key_id: a"):     "no s3 secret_key specified while access_key is present in config file; either both should be present in config or envvars/IAM should be used.",
		s3("endpoint: s3:7070\n    secret_access_key: a"): "no s3 access_key specified while secret_key is present in config file; either both should be present in config or envvars/IAM should be used.",
		s3("endpoint: s3:7070\n    access_key_id: a\n    secret_access_key: b\n    native_aws_auth_enabled: true"): "aws_sdk_auth and access_key are mutually exclusive configurations",
		s3("signature_version: v3"):            "unsupported signature version",
		s3("sse: {type: none}"):                "unsupported S3 SSE type",
		s3("sse: {kms_encryption_context: x}"): "invalid S3 SSE encryption context",
		s3("force_path_style: true\n    bucket_lookup_type: virtual-hosted-style"): "cannot use s3.force-path-style = true and s3.bucket-lookup-type = virtual-hosted-style at the same time",
		"storage: {prefix: 2026/a}":                                "failed creating pyroscope: storage prefix contains invalid characters: only alphanumeric, hyphen, underscore, dot, and no segement should be '.' or '..'",
		"storage: {prefix: /a}":                                    "storage prefix starts with a slash",
		"storage: {prefix: a//b}":                                  "storage prefix contains an empty path segment",
		"storage: {prefix: a, storage_prefix: b}":                  "both storage.prefix and storage.storage-prefix are set, please use only storage.prefix, as storage.storage-prefix is deprecated",
		"architecture_storage: v2\nstorage: {backend: ''}":         "storage.backend is required for v2 storage layer",
		"storage: {backend: minio}":                                "unsupported storage backend",
		"storage: {backend: gcs}":                                  `"gcs" is not supported`,
		"architecture_storage: v3":                                 `invalid storage layer "v3"`,
		"architecture_storage: v2\nlimits: {write_path: ingester}": "write-path=segment-writer is required for v2 storage layer",
		"server: {http_tls_config: {cert_file: a}}":                "server.http_tls_config: this store speaks plain HTTP only",
		"server: {http_path_prefix: /p}":                           "server.http_path_prefix: this store serves at / only",
		"admin_server: {mode: exclusive}":                          `admin_server.mode: "exclusive" is not supported`,
		"runtime_config: {file: a}":                                "runtime_config.file: this store has the same limits for every tenant",
		"architecture_storage: v1":                                 "v1 is not supported",
		"target: distributor":                                      `"distributor" is not supported`,
		"metastore: {data_dir: /proc/nowhere, raft: {dir: DIR}}":   "error initialising module: metastore: metastore.data_dir: ",
		"server: {http_listen_address: 203.0.113.1}\nmetastore: {data_dir: DIR, raft: {dir: DIR}}": "error initialising module: server: listen tcp 203.0.113.1:4040",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "config.yaml")
		text = strings.ReplaceAll(text, "DIR", dir)
		if !strings.Contains(text, "metastore") {
			text += fmt.Sprintf("\nmetastore: {data_dir: %[1]s, raft: {dir: %[1]s}}", dir)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var words bytes.Buffer
		code := run([]string{"-config.file=" + path}, &words)
		last := strings.TrimSpace(words.String())
		if code != 1 || !strings.Contains(last, want) || !strings.HasPrefix(last, "failed ") {
			t.Errorf("%q:\ncode %d, got  %q\n        want %q", text, code, last, want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for arguments, want := range map[string]struct {
		code int
		text string
	}{
		"-storage.backend=s3":                    {2, "flag provided but not defined: -storage.backend"},
		"":                                       {1, "-config.file is required"},
		"-config.file=/no/such/file":             {1, "open /no/such/file: no such file or directory"},
		"-config.file=/dev/null serve":           {1, `unexpected argument "serve"`},
		"-config.file=/dev/null -target=querier": {1, `"querier" is not supported`},
	} {
		var words bytes.Buffer
		if code := run(strings.Fields(arguments), &words); code != want.code || !strings.Contains(words.String(), want.text) {
			t.Errorf("%q: %d %q", arguments, code, &words)
		}
	}
	t.Setenv("PROFILESTORE_READY_DELAY", "soon")
	var words bytes.Buffer
	if code := run([]string{"-config.file=/dev/null"}, &words); code != 1 || !strings.Contains(words.String(), `PROFILESTORE_READY_DELAY: "soon"`) {
		t.Errorf("%d %q", code, &words)
	}
}
