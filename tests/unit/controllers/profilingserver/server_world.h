// A server as it is decided about, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "controllers/profilingserver/decide.h"
#include "controllers/runtime/decoders.h"
#include "tests/unit/controllers/builders.h"

namespace profiling::controllers {

// A server, its objects as they should be, and one ready pod; rows change it.
struct ServerWorld {
  api::ProfilingServer server = test::s3Server();
  std::vector<std::pair<specs::ObjectKind, nlohmann::json>> live;
  std::vector<ServerPodRecord> pods;

  ServerWorld() {
    for (const specs::WantedObject& wanted : specs::serverObjects(server)) {
      live.emplace_back(wanted.kind, test::asLive(wanted.object));
    }
    ServerPodRecord pod;
    pod.namespace_ = "profiling";
    pod.name = "pyroscope-0";
    pod.controller_uid = "object-uid";
    pod.phase = "Running";
    pod.ready = pod.started = true;
    pods.push_back(pod);
  }
  nlohmann::json& object(specs::ObjectKind kind, const std::string& name) {
    for (auto& [k, json] : live) {
      if (k == kind && json.at("metadata").at("name") == name) return json;
    }
    ADD_FAILURE() << name;
    return live.front().second;
  }
  nlohmann::json& set() { return object(specs::ObjectKind::kStatefulSet, "pyroscope"); }
  ServerPodRecord& waiting(const char* reason, const char* message) {
    ServerPodRecord& pod = pods.front();
    pod.ready = pod.started = false;
    pod.phase = "Pending";
    pod.waiting_reason = reason;
    pod.waiting_message = message;
    set()["status"]["readyReplicas"] = 0;
    return pod;
  }
  ServerInput input() const {
    ServerInput in;
    in.server = std::make_shared<const api::ProfilingServer>(server);
    for (const auto& [kind, json] : live) {
      in.live.push_back({kind, std::make_shared<const OwnedRecord>(ownedRecord(json))});
    }
    for (const auto& pod : pods) in.pods.push_back(std::make_shared<const ServerPodRecord>(pod));
    in.now = test::kNow;
    return in;
  }
};

inline std::string statusOf(const api::ProfilingServerStatus& status, const char* type) {
  const api::Condition* c = api::findCondition(status.conditions, type);
  return c == nullptr ? "absent" : c->status + " " + c->reason;
}
inline std::string messageOf(const api::ProfilingServerStatus& status, const char* type) {
  const api::Condition* c = api::findCondition(status.conditions, type);
  return c == nullptr ? "" : c->message;
}
}  // namespace profiling::controllers
