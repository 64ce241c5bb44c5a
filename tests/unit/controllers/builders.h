// Custom resources and live objects as tests want them: plain values that are then changed.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "controllers/specs/server_objects.h"
#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"

namespace profiling::test {

inline constexpr const char* kNow = "2026-08-01T12:00:00Z";

inline api::ProfilingServer s3Server() {
  api::ProfilingServer server;
  server.metadata.name = "pyroscope";
  server.metadata.namespace_ = "profiling";
  server.metadata.uid = "server-uid";
  server.metadata.generation = 3;
  server.spec.storage.type = api::StorageType::kS3;
  api::S3Storage s3;
  s3.endpoint = "s3.eu-central-1.amazonaws.com";
  s3.region = "eu-central-1";
  s3.bucket = "my-profiles";
  s3.prefix = "profiles";
  s3.credentials = api::S3Credentials{{"s3-credentials"}};
  server.spec.storage.s3 = s3;
  return server;
}

inline api::ProfilingServer filesystemServer() {
  api::ProfilingServer server = s3Server();
  server.spec.storage = {};
  return server;
}

inline api::ProfilingPolicy policy(const std::string& name = "shop") {
  api::ProfilingPolicy p;
  p.metadata.name = name;
  p.metadata.namespace_ = "shop";
  p.metadata.uid = name + "-uid";
  p.metadata.generation = 2;
  p.spec.server_ref = api::ServerRef{"pyroscope", "profiling"};
  return p;
}

inline api::ClusterProfilingPolicy clusterPolicy(const std::string& name = "all") {
  api::ClusterProfilingPolicy p;
  p.metadata.name = name;
  p.metadata.uid = name + "-uid";
  p.metadata.generation = 2;
  p.spec.server_ref = api::ServerRef{"pyroscope", "profiling"};
  return p;
}

// What the API server would hold after `wanted` was applied: uid, version, and some defaults.
inline nlohmann::json asLive(nlohmann::json wanted, const std::string& uid = "object-uid") {
  wanted["metadata"]["uid"] = uid;
  wanted["metadata"]["resourceVersion"] = "100";
  wanted["metadata"]["generation"] = 1;
  wanted["metadata"]["managedFields"] = nlohmann::json::array({{{"manager", "x"}}});
  if (wanted.at("kind") == "StatefulSet") {
    wanted["spec"]["revisionHistoryLimit"] = 10;
    wanted["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst";
    wanted["spec"]["volumeClaimTemplates"][0]["status"] = {{"phase", "Pending"}};
    wanted["spec"]["volumeClaimTemplates"][0]["spec"]["volumeMode"] = "Filesystem";
    wanted["status"] = {{"observedGeneration", 1},
                        {"readyReplicas", 1},
                        {"currentRevision", "r1"},
                        {"updateRevision", "r1"}};
  }
  return wanted;
}

}  // namespace profiling::test
