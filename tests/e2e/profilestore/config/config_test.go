package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string, expand bool) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, expand)
}

// The file that the operator generates.
const generated = `
target: all
architecture_storage: v2
multitenancy_enabled: true
analytics: {reporting_enabled: false}
tracing: {enabled: false}
self_profiling: {disable_push: true}
memberlist: {cluster_label: profiling-pyroscope, abort_if_cluster_join_fails: false}
server: {http_listen_port: 4041, log_level: warn}
storage:
  backend: s3
  prefix: "profiles/"
  s3:
    endpoint: "s3.profiling.svc:7070"
    region: us-east-1
    bucket_name: my-profiles
    bucket_lookup_type: path-style
    insecure: true
    http: {insecure_skip_verify: true}
metastore:
  data_dir: /data/metastore/data
  raft: {dir: /data/metastore/raft, bootstrap_expect_peers: 1}
limits: {retention_period: 2w, ingestion_rate_mb: 8}
segment_writer: {segment_duration: 250ms, lifecycler: {min_ready_duration: 1s}}
`

func TestLoadsTheFileThatIsGenerated(t *testing.T) {
	c, err := load(t, generated, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(c.Limits.RetentionPeriod); got != 14*24*time.Hour {
		t.Errorf("retention_period: %v", got)
	}
	if c.Storage.KeyPrefix() != "profiles" || c.Storage.S3.BucketName != "my-profiles" ||
		c.Server.HTTPListenPort != 4041 || !c.MultitenancyEnabled ||
		c.SegmentWriter.SegmentDuration != 250*time.Millisecond || c.Limits.IngestionRateMB != 8 {
		t.Errorf("values were lost: %+v", c)
	}
	if c.Limits.MaxLabelNamesPerSeries != 30 || c.Storage.S3.SignatureVersion != "v4" {
		t.Errorf("defaults were lost: %+v", c)
	}
}

func TestEmptyFileGivesTheDefaults(t *testing.T) {
	c, err := load(t, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Storage.Backend != "filesystem" || c.Server.HTTPListenPort != 4040 {
		t.Errorf("%+v", c)
	}
}

func TestUnknownKeysAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"storge: {}":                                        "line 1: field storge not found in type main.mainFlags",
		"storage:\n  s3:\n    bucket: b":                    "line 3: field bucket not found in type s3.Config",
		"storage: {path: x}":                                "field path not found in type pyroscope.StorageConfig",
		"storage: {filesystem: {path: x}}":                  "field path not found in type filesystem.Config",
		"server:\n  port: 1":                                "line 2: field port not found in type server.Config",
		"metastore: {dir: x}":                               "field dir not found in type metastore.Config",
		"metastore: {raft: {data_dir: x}}":                  "field data_dir not found in type raftnode.Config",
		"limits: {retention: 1d}":                           "field retention not found in type validation.Limits",
		"segment_writer: {min_ready_duration: 1s}":          "field min_ready_duration not found in type segmentwriter.Config",
		"memberlist: {join: [x]}":                           "field join not found in type memberlist.KVConfig",
		"x: &a {bucket: b}\nstorage: {s3: *a}":              "field bucket not found in type s3.Config",
		"self_profiling: {disable-push: true}":              "field disable-push not found in type pyroscope.SelfProfilingConfig",
		"limits: {a: 1, b: 2}":                              "field b not found in type validation.Limits",
		"analytics: {reporting_enabled: false, enabled: 1}": "field enabled not found in type usagestats.Config",
	} {
		if _, err := load(t, text, false); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "config.yaml: yaml: unmarshal errors:\n") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestWrongTypesAreRefused(t *testing.T) {
	for _, text := range []string{"server: {http_listen_port: x}", "storage: 3", "storage: {",
		"limits: {retention_period: 14x}", "storage: {s3: {insecure: maybe}}"} {
		if _, err := load(t, text, false); err == nil || !strings.Contains(err.Error(), "config.yaml: ") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestEnvironmentIsExpandedOnlyWhenAsked(t *testing.T) {
	t.Setenv("BUCKET", "from-environment")
	text := `storage: {s3: {bucket_name: "${BUCKET}", region: "${REGION:-r1}"}}`
	expanded, err := load(t, text, true)
	if err != nil {
		t.Fatal(err)
	}
	if s3 := expanded.Storage.S3; s3.BucketName != "from-environment" || s3.Region != "r1" {
		t.Errorf("%+v", s3)
	}
	plain, err := load(t, text, false)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Storage.S3.BucketName != "${BUCKET}" {
		t.Errorf("expanded without being asked: %+v", plain.Storage.S3)
	}
}

func TestPrefixes(t *testing.T) {
	for prefix, valid := range map[string]bool{
		"": true, "profiles": true, "a/b": true, "a/": true, "_x/.y/-z": true, "a1": true, "1a": false,
		"a/1b": false, "/a": false, "a//b": false, ".": false, "a/..": false, "a b": false, "ä": false,
	} {
		if err := validatePrefix(prefix); (err == nil) != valid {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	masked, err := Secret("s").MarshalYAML()
	if err != nil || masked != "********" {
		t.Errorf("%v, %v", masked, err)
	}
}
