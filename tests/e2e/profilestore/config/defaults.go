package config

import (
	"time"

	"github.com/prometheus/common/model"
)

// Default returns the server's defaults.
func Default() Config {
	day := model.Duration(24 * time.Hour)
	return Config{
		Target:              Targets{"all"},
		ArchitectureStorage: "v1-v2-dual",
		Server:              Server{HTTPListenPort: 4040, GracefulShutdown: 30 * time.Second, LogLevel: "info"},
		Storage: Storage{
			Backend:    "filesystem",
			S3:         S3{SignatureVersion: "v4", BucketLookupType: "auto", HTTP: S3HTTP{ResponseHeaderTimeout: 2 * time.Minute}},
			Filesystem: Filesystem{Dir: "./data/v2/shared"},
		},
		Metastore: Metastore{
			DataDir: "./data/v2/metastore/data",
			Raft:    Raft{Dir: "./data/v2/metastore/raft"},
			Index:   Index{CleanupInterval: 15 * time.Minute},
		},
		SegmentWriter: SegmentWriter{
			SegmentDuration: 500 * time.Millisecond, UploadTimeout: 2 * time.Second,
			BucketHealthCheck: true, BucketHealthTimeout: 10 * time.Second,
		},
		AdminServer: AdminServer{Mode: "disabled"},
		Limits: Limits{
			IngestionRateMB: 4, IngestionBurstSizeMB: 2, IngestionBodyLimitMB: 256,
			MaxLabelNameLength: 1024, MaxLabelValueLength: 2048, MaxLabelNamesPerSeries: 30,
			MaxProfileSizeBytes: 4 << 20, MaxStacktraceSamples: 16000, MaxStacktraceDepth: 1000,
			MaxQueryLookback: 7 * day, MaxQueryLength: day,
			FlamegraphNodesDefault: 8 << 10, FlamegraphNodesMax: 1 << 20,
			RejectOlderThan: model.Duration(time.Hour), RejectNewerThan: model.Duration(10 * time.Minute),
			RetentionPeriod: 31 * day, WritePath: "segment-writer",
		},
	}
}
