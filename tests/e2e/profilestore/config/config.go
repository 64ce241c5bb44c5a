// Package config reads the configuration that a Grafana Pyroscope 2.2 server reads: the same file, the
// same keys, the same refusals. Keys that this store has no use for are known and have no effect.
package config

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/drone/envsubst"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Config holds the keys that change what the store does. Defaults are the server's own.
type Config struct {
	Target              Targets       `yaml:"target"`
	ArchitectureStorage string        `yaml:"architecture_storage"`
	MultitenancyEnabled bool          `yaml:"multitenancy_enabled"`
	ShutdownDelay       time.Duration `yaml:"shutdown_delay"`
	Server              Server        `yaml:"server"`
	Storage             Storage       `yaml:"storage"`
	Metastore           Metastore     `yaml:"metastore"`
	SegmentWriter       SegmentWriter `yaml:"segment_writer"`
	Limits              Limits        `yaml:"limits"`
	AdminServer         AdminServer   `yaml:"admin_server"`
	RuntimeConfig       RuntimeConfig `yaml:"runtime_config"`
}

// AdminServer would move pages to another port.
type AdminServer struct {
	Mode string `yaml:"mode"`
}

// RuntimeConfig would name a file of limits by tenant.
type RuntimeConfig struct {
	File string `yaml:"file"`
}

// Targets is a comma-separated string or a list in the file.
type Targets []string

// UnmarshalYAML accepts both forms.
func (t *Targets) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]string)(t))
	}
	*t = strings.Split(node.Value, ",")
	return nil
}

// Server is the HTTP side; the gRPC port of the real server carries traffic between its parts only.
type Server struct {
	HTTPListenAddress string        `yaml:"http_listen_address"`
	HTTPListenPort    int           `yaml:"http_listen_port"`
	GracefulShutdown  time.Duration `yaml:"graceful_shutdown_timeout"`
	LogLevel          string        `yaml:"log_level"`
	HTTPPathPrefix    string        `yaml:"http_path_prefix"`
	HTTPTLS           ServerTLS     `yaml:"http_tls_config"`
}

// ServerTLS would make the HTTP side speak TLS.
type ServerTLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Storage is where segments go.
type Storage struct {
	Backend          string     `yaml:"backend"`
	Prefix           string     `yaml:"prefix"`
	DeprecatedPrefix string     `yaml:"storage_prefix"`
	S3               S3         `yaml:"s3"`
	Filesystem       Filesystem `yaml:"filesystem"`
}

// S3 names a bucket. Keys left empty come from the AWS environment.
type S3 struct {
	Endpoint         string `yaml:"endpoint"`
	Region           string `yaml:"region"`
	BucketName       string `yaml:"bucket_name"`
	AccessKeyID      string `yaml:"access_key_id"`
	SecretAccessKey  Secret `yaml:"secret_access_key"`
	Insecure         bool   `yaml:"insecure"`
	SignatureVersion string `yaml:"signature_version"`
	ForcePathStyle   bool   `yaml:"force_path_style"`
	BucketLookupType string `yaml:"bucket_lookup_type"`
	NativeAWSAuth    bool   `yaml:"native_aws_auth_enabled"`
	SSE              SSE    `yaml:"sse"`
	HTTP             S3HTTP `yaml:"http"`
}

// SSE is server-side encryption.
type SSE struct {
	Type                 string `yaml:"type"`
	KMSKeyID             string `yaml:"kms_key_id"`
	KMSEncryptionContext string `yaml:"kms_encryption_context"`
}

// S3HTTP is the part of the transport settings that matters to a test cluster.
type S3HTTP struct {
	InsecureSkipVerify    bool          `yaml:"insecure_skip_verify"`
	ResponseHeaderTimeout time.Duration `yaml:"response_header_timeout"`
}

// Filesystem is the local backend.
type Filesystem struct {
	Dir string `yaml:"dir"`
}

// Metastore is where the block index lives.
type Metastore struct {
	DataDir string `yaml:"data_dir"`
	Raft    Raft   `yaml:"raft"`
	Index   Index  `yaml:"index"`
}

// Raft is the log's directory; it must be writable and persistent.
type Raft struct {
	Dir string `yaml:"dir"`
}

// Index sets how often retention is enforced.
type Index struct {
	CleanupInterval time.Duration `yaml:"cleanup_interval"`
}

// SegmentWriter sets how long profiles are gathered before a segment is written.
type SegmentWriter struct {
	SegmentDuration     time.Duration `yaml:"segment_duration"`
	UploadTimeout       time.Duration `yaml:"upload-timeout"`
	BucketHealthCheck   bool          `yaml:"bucket_health_check_enabled"`
	BucketHealthTimeout time.Duration `yaml:"bucket_health_check_timeout"`
}

// Limits are per tenant. Durations accept days and weeks, as the server's do.
type Limits struct {
	IngestionRateMB        float64        `yaml:"ingestion_rate_mb"`
	IngestionBurstSizeMB   float64        `yaml:"ingestion_burst_size_mb"`
	IngestionBodyLimitMB   float64        `yaml:"ingestion_body_limit_mb"`
	MaxLabelNameLength     int            `yaml:"max_label_name_length"`
	MaxLabelValueLength    int            `yaml:"max_label_value_length"`
	MaxLabelNamesPerSeries int            `yaml:"max_label_names_per_series"`
	MaxProfileSizeBytes    int            `yaml:"max_profile_size_bytes"`
	MaxStacktraceSamples   int            `yaml:"max_profile_stacktrace_samples"`
	MaxStacktraceDepth     int            `yaml:"max_profile_stacktrace_depth"`
	MaxQueryLookback       model.Duration `yaml:"max_query_lookback"`
	MaxQueryLength         model.Duration `yaml:"max_query_length"`
	FlamegraphNodesDefault int64          `yaml:"max_flamegraph_nodes_default"`
	FlamegraphNodesMax     int64          `yaml:"max_flamegraph_nodes_max"`
	RejectOlderThan        model.Duration `yaml:"reject_older_than"`
	RejectNewerThan        model.Duration `yaml:"reject_newer_than"`
	RetentionPeriod        model.Duration `yaml:"retention_period"`
	WritePath              string         `yaml:"write_path"`
}

// Secret is never printed.
type Secret string

// MarshalYAML masks a secret that is set, as the server's /config does.
func (s Secret) MarshalYAML() (any, error) {
	if s == "" {
		return "", nil
	}
	return "********", nil
}

// Load reads a file over the defaults. Unknown keys are errors; the error begins with the file's name.
func Load(path string, expandEnv bool) (Config, error) {
	c := Default()
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if expandEnv {
		expanded, err := envsubst.EvalEnv(string(text))
		if err != nil {
			return c, err
		}
		text = []byte(expanded)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkKeys(&document); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if document.Kind == 0 {
		return c, nil // an empty file
	}
	if err := document.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
