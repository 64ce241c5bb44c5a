package config

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// section is one block of the server's configuration: the keys it knows and the name under which the
// server reports an unknown one. Keys and names are those of Pyroscope 2.2's configuration reference.
type section struct {
	typeName string
	keys     map[string]*section // nil value: a leaf, or a block whose content is not looked into
}

func block(typeName, leaves string, children map[string]*section) *section {
	s := &section{typeName: typeName, keys: map[string]*section{}}
	for _, key := range strings.Fields(leaves) {
		s.keys[key] = nil
	}
	for key, child := range children {
		s.keys[key] = child
	}
	return s
}

const tlsKeys = "cert key client_ca cert_file key_file client_auth_type client_ca_file"

var serverTLS = block("server.TLSConfig", tlsKeys, nil)

var clusterValidation = block("clusterutil.ServerClusterValidationConfig",
	"label additional_labels grpc http", nil)

var serverSchema = block("server.Config", `
	http_listen_network http_listen_address http_listen_port http_listen_conn_limit
	grpc_listen_network grpc_listen_address grpc_listen_port grpc_listen_conn_limit
	grpc_collect_max_streams_by_conn proxy_protocol_enabled tls_cipher_suites tls_min_version
	register_instrumentation report_grpc_codes_in_instrumentation_label_enabled
	graceful_shutdown_timeout http_server_read_timeout http_server_read_header_timeout
	http_server_write_timeout http_server_idle_timeout
	http_log_closed_connections_without_response_enabled grpc_server_max_recv_msg_size
	grpc_server_max_send_msg_size grpc_server_max_concurrent_streams
	grpc_server_max_connection_idle grpc_server_max_connection_age
	grpc_server_max_connection_age_grace grpc_server_keepalive_time grpc_server_keepalive_timeout
	grpc_server_min_time_between_pings grpc_server_ping_without_stream_allowed
	grpc_server_num_workers grpc_server_stats_tracking_enabled
	grpc_server_recv_buffer_pools_enabled grpc_server_read_buffer_size
	grpc_server_write_buffer_size log_format log_level log_source_ips_enabled log_source_ips_full
	log_source_ips_header log_source_ips_regex log_request_headers
	log_request_at_info_level_enabled log_request_exclude_headers_list trace_request_headers
	trace_request_exclude_headers_list http_path_prefix create_new_traces`,
	map[string]*section{"http_tls_config": serverTLS, "grpc_tls_config": serverTLS,
		"cluster_validation": clusterValidation})

var s3Schema = block("s3.Config", `endpoint region bucket_name secret_access_key access_key_id
	insecure signature_version force_path_style bucket_lookup_type native_aws_auth_enabled`,
	map[string]*section{
		"sse": block("s3.SSEConfig", "type kms_key_id kms_encryption_context", nil),
		"http": block("s3.HTTPConfig", `idle_conn_timeout response_header_timeout
			insecure_skip_verify tls_handshake_timeout expect_continue_timeout max_idle_connections
			max_idle_connections_per_host max_connections_per_host`, nil),
	})

var storageSchema = block("pyroscope.StorageConfig",
	"backend prefix storage_prefix gcs azure swift cos",
	map[string]*section{"s3": s3Schema, "filesystem": block("filesystem.Config", "dir", nil)})

var metastoreSchema = block("metastore.Config", `address grpc_client_config min_ready_duration
	snapshot_compression snapshot_rate_limit snapshot_compact_on_restore data_dir levels
	cleanupbatchsize cleanupdelay cleanupjobminlevel cleanupjobmaxlevel compaction_max_failures
	compaction_job_lease_duration compaction_max_job_queue_size`,
	map[string]*section{
		"raft": block("raftnode.Config", `dir bootstrap_peers bootstrap_expect_peers auto_join
			server_id bind_address advertise_address snapshots_dir log_store_timeout`, nil),
		"index": block("index.Config", `shard_cache_size block_write_cache_size
			block_read_cache_size cleanup_max_partitions cleanup_grace_period cleanup_interval
			dlq_recovery_check_interval`, nil),
	})

var segmentWriterSchema = block("segmentwriter.Config", `grpc_client_config segment_duration
	flush_concurrency upload-timeout upload-retry_max_retries upload-retry_min_period
	upload-retry_max_period upload-hedge_upload_after upload-hedge_rate_max upload-hedge_rate_burst
	metadata_dlq_enabled metadata_update_timeout bucket_health_check_enabled
	bucket_health_check_timeout`,
	map[string]*section{"lifecycler": block("ring.LifecyclerConfig", `ring num_tokens
		heartbeat_period heartbeat_timeout observe_period join_after min_ready_duration
		interface_names enable_inet6 final_sleep tokens_file_path availability_zone
		unregister_on_shutdown readiness_check_ring_health address port id`, nil)})

var limitsSchema = block("validation.Limits", `ingestion_rate_mb ingestion_burst_size_mb
	ingestion_body_limit_mb ingestion_limit keep_stripped_profiles max_label_name_length
	max_label_value_length max_label_names_per_series max_sessions_per_series enforce_labels_order
	disable_label_sanitization push_max_concurrency max_profile_size_bytes
	max_profile_stacktrace_samples max_profile_stacktrace_sample_labels
	max_profile_stacktrace_depth max_profile_symbol_value_length distributor_usage_groups
	distributor_aggregation_window distributor_aggregation_period ingestion_relabeling_rules
	ingestion_relabeling_default_rules_position sample_type_relabeling_rules
	ingestion_tenant_shard_size max_local_series_per_tenant max_global_series_per_tenant
	max_query_lookback max_query_length max_query_parallelism query_analysis_enabled
	query_analysis_series_enabled include_stripped_profiles max_flamegraph_nodes_default
	max_flamegraph_nodes_max store_gateway_tenant_shard_size split_queries_by_interval
	query_sanitize_on_merge max_async_query_concurrency compactor_blocks_retention_period
	compactor_split_and_merge_shards compactor_split_and_merge_stage_size compactor_split_groups
	compactor_tenant_shard_size compactor_partial_block_deletion_delay
	compactor_downsampler_enabled s3_sse_type s3_sse_kms_key_id s3_sse_kms_encryption_context
	reject_older_than reject_newer_than max_recording_rules write_path enable_query_backend
	enable_query_backend_from retention_period`, nil)

var memberlistSchema = block("memberlist.KVConfig", `node_name randomize_node_name stream_timeout
	retransmit_factor pull_push_interval gossip_interval gossip_nodes gossip_to_dead_nodes_time
	dead_node_reclaim_time compression_enabled notify_interval received_messages_queue_size
	processed_messages_queue_size compression_algorithm advertise_addr advertise_port cluster_label
	cluster_label_verification_disabled join_members min_join_backoff max_join_backoff
	max_join_retries abort_if_cluster_fast_join_fails abort_if_cluster_fast_join_fails_min_nodes
	abort_if_cluster_join_fails rejoin_interval rejoin_seed_nodes left_ingesters_timeout
	obsolete_entries_timeout leave_timeout broadcast_timeout_for_local_updates_on_shutdown
	message_history_buffer_bytes watch_prefix_buffer_size bind_addr bind_port packet_dial_timeout
	packet_write_timeout max_concurrent_writes acquire_writer_timeout tls_enabled tls_cert_path
	tls_key_path tls_ca_path tls_server_name tls_insecure_skip_verify tls_cipher_suites
	tls_min_version zone_aware_routing propagation_delay_tracker`, nil)

// rootSchema lists every top-level block; those that the store has no use for are known by name only.
var rootSchema = block("main.mainFlags", `target multitenancy_enabled show_banner shutdown_delay
	architecture_storage distributor frontend query_backend adaptive_placement symbolizer
	frontend_worker overrides_exporter compaction_worker tenant_settings embedded_grafana
	pyroscopedb querier ingester compactor store_gateway query_scheduler`,
	map[string]*section{
		"server": serverSchema, "storage": storageSchema, "metastore": metastoreSchema,
		"segment_writer": segmentWriterSchema, "limits": limitsSchema,
		"memberlist": memberlistSchema,
		"api":        block("api.Config", "base-url", nil),
		"tracing":    block("tracing.Config", "enabled profiling_enabled", nil),
		"analytics":  block("usagestats.Config", "reporting_enabled", nil),
		"admin_server": block("pyroscope.AdminServerConfig",
			"mode http_listen_address http_listen_port", nil),
		"self_profiling": block("pyroscope.SelfProfilingConfig", `disable_push
			mutex_profile_fraction block_profile_rate use_k6_middleware tenant_id`, nil),
		"runtime_config": block("runtimeconfig.Config", `period file http_client_timeout
			http_client_cluster_validation http_client_disable_keep_alives`, nil),
	})

// checkKeys reports every key of the document that the schema does not know, in the words of the
// YAML library's strict decoding (go.yaml.in/yaml/v3, KnownFields).
func checkKeys(document *yaml.Node) error {
	var unknown []string
	for _, root := range document.Content {
		unknown = append(unknown, rootSchema.unknownKeys(root)...)
	}
	if len(unknown) == 0 {
		return nil
	}
	return errors.New("yaml: unmarshal errors:\n  " + strings.Join(unknown, "\n  "))
}

func (s *section) unknownKeys(node *yaml.Node) []string {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil // a scalar where a block belongs is reported when it is decoded
	}
	var unknown []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child, known := s.keys[key.Value]
		switch {
		case !known:
			unknown = append(unknown, fmt.Sprintf("line %d: field %s not found in type %s",
				key.Line, key.Value, s.typeName))
		case child != nil:
			unknown = append(unknown, child.unknownKeys(value)...)
		}
	}
	return unknown
}
