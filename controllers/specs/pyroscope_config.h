// The configuration file of a Pyroscope server. Pure.
//
// One unknown key keeps the server from starting, so only keys of its reference page are written
// (grafana/pyroscope docs/sources/configure-server/reference-configuration-parameters). No
// credential is ever written here: the server takes them from AWS_* variables when the file has
// none (pkg/objstore/providers/s3/bucket_client.go).
#pragma once

#include <string>

#include "operator/api/v1alpha1/server.h"
#include "operator/base/status.h"

namespace profiling::specs {

inline constexpr const char* kDataPath = "/data";

// Checks what the CRD's schema cannot express and the server would refuse at startup.
// kInvalidArgument names the field, its value and what is allowed.
Status checkServer(const api::ProfilingServer& server);

// YAML text. The spec must have passed checkServer().
std::string pyroscopeConfig(const api::ProfilingServerSpec& spec);

}  // namespace profiling::specs
