// Policies and WorkloadProfiles as the API server sends them.
#pragma once

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/time_text.h"
#include "operator/cli/model.h"
#include "operator/cli/structured.h"

namespace profiling::cli {

inline nlohmann::json yaml(const std::string& text) {
  auto parsed = parseDocument(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().toString() << "\n" << text;
  return parsed.ok() ? *parsed : nlohmann::json();
}

// `spec` and `status` in YAML's flow style, without the braces.
inline nlohmann::json policyJson(const std::string& spec, const std::string& status,
                                 const std::string& name = "checkout") {
  return yaml(
      "{apiVersion: profiling.dev/v1alpha1, kind: ProfilingPolicy, metadata: {name: " + name +
      ", namespace: shop, uid: u-1, generation: 2}, spec: {serverRef: {name: pyroscope}" +
      (spec.empty() ? "" : ", " + spec) + "}, status: {observedGeneration: 2" +
      (status.empty() ? "" : ", " + status) + "}}");
}

inline Policy policy(const std::string& spec, const std::string& status) {
  auto read = policyFrom(policyJson(spec, status));
  EXPECT_TRUE(read.ok()) << read.status().toString();
  return read.ok() ? *read : Policy{};
}

inline nlohmann::json workloadJson(const std::string& name, const std::string& status,
                                   const std::string& spec = "",
                                   const std::string& namespace_ = "shop") {
  return yaml(
      "{apiVersion: profiling.dev/v1alpha1, kind: WorkloadProfile, metadata: {name: deployment-" +
      name + ", namespace: " + namespace_ + "}, spec: {" + spec +
      "}, status: {workloadRef: {kind: Deployment, name: " + name +
      "}, policyRef: {kind: ProfilingPolicy, name: checkout}" +
      (status.empty() ? "" : ", " + status) + "}}");
}

inline api::WorkloadProfile workload(const std::string& name, const std::string& status,
                                     const std::string& spec = "",
                                     const std::string& namespace_ = "shop") {
  auto read = api::workloadFromJson(workloadJson(name, status, spec, namespace_));
  EXPECT_TRUE(read.ok()) << read.status().toString();
  return read.ok() ? *read : api::WorkloadProfile{};
}

inline api::WorkloadProfile inState(const std::string& name, const std::string& state) {
  return workload(name, "rollout: {state: " + state + "}");
}

inline std::chrono::system_clock::time_point noon() {
  return *parseRfc3339("2026-08-01T12:00:00Z");
}

}  // namespace profiling::cli
