// The records of one workload, shop/Deployment/web, on a fake API, with stores that are filled from it by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/workload/reconciler.h"
#include "operator/api/v1alpha1/codec.h"
#include "operator/inject/pods/facts_decoder.h"
#include "operator/kube/decode.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/controllers/fake_api.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::controllers {

using Json = nlohmann::json;

inline constexpr const char* kGroup = "shop/Deployment/web";
inline constexpr const char* kRevision = "0123456789";
inline const std::string kRecords = "/apis/profiling.dev/v1alpha1/namespaces/shop/workloadprofiles";
inline const std::string kWeb = kRecords + "/deployment-web";

struct Cluster {
  test::FakeApi http;
  kube::Client client{http};
  test::FakeClock clock;
  PodTable pods;
  inject::FactsDecoder decoder;
  kube::Store<api::WorkloadProfile> records;
  std::shared_ptr<inject::Snapshot> policies = std::make_shared<inject::Snapshot>();
  WorkloadIndex index{pods, [this] { return policies; }, inject::settings()};
  struct Events : EventSink {
    std::vector<Event> all;
    void record(Event event) override { all.push_back(std::move(event)); }
  } events;
  WorkloadReconciler reconciler{client, pods, index, records, clock, nullptr, events};
  std::stop_source stop;

  Cluster() { policies->namespaces["shop"].policies = {inject::policy()}; }

  void replicaSet(const std::string& name, const std::string& uid, const char* deployment_uid) {
    Json metadata = {{"name", name}, {"namespace", "shop"}, {"uid", uid}};
    if (deployment_uid != nullptr) {
      metadata["ownerReferences"] = {{{"apiVersion", "apps/v1"},
                                      {"kind", "Deployment"},
                                      {"name", "web"},
                                      {"uid", deployment_uid},
                                      {"controller", true}}};
    }
    http.put("replicasets", {{"metadata", metadata}});
  }
  void pod(const std::string& name, const std::string& owner_uid = "rs-1", Json extra = {}) {
    Json pod = {{"metadata",
                 {{"name", name},
                  {"namespace", "shop"},
                  {"labels", {{"app", "web"}, {"pod-template-hash", "h1"}}},
                  {"ownerReferences",
                   {{{"apiVersion", "apps/v1"},
                     {"kind", "ReplicaSet"},
                     {"name", "web-h1"},
                     {"uid", owner_uid},
                     {"controller", true}}}}}},
                {"spec", {{"containers", {{{"name", "app"}, {"image", "eclipse-temurin:21"}}}}}},
                {"status", {{"phase", "Running"}}}};
    if (extra.is_object()) pod.merge_patch(extra);
    http.put("pods", pod);
    const std::string text = pod.dump();
    std::string padded = text + std::string(kube::kObjectPadding, '\0');
    const auto facts = decoder.decode(std::string_view(padded).substr(0, text.size()));
    ASSERT_TRUE(facts.ok()) << facts.status().toString();
    pods.upsert(*facts);
  }
  void profiledPod(const std::string& name) {
    pod(name, "rs-1",
        {{"metadata",
          {{"labels", {{"profiling.dev/profiled", kRevision}}},
           {"annotations", {{"profiling.dev/decision", R"({"policy":"shop"})"}}}}}});
  }
  // What the reflector of records would do.
  void sync() {
    kube::Store<api::WorkloadProfile>::Map map;
    for (const char* name : {"deployment-web", "replicaset-web-h1"}) {
      if (const auto stored = http.get("workloadprofiles", "shop", name)) {
        const auto record = api::workloadFromJson(*stored);
        ASSERT_TRUE(record.ok()) << record.status().toString();
        map["shop/" + std::string(name)] = std::make_shared<const api::WorkloadProfile>(*record);
      }
    }
    records.publish(std::move(map));
  }
  // One pass, as the runner would make it, and the events that follow.
  Outcome pass() {
    Outcome outcome = reconciler.reconcile(kGroup, stop.get_token());
    sync();
    return outcome;
  }
  std::vector<std::string> passWrites() {
    http.clearWrites();
    EXPECT_TRUE(pass().status.ok());
    return http.writtenPaths();
  }
  Json record(const char* pointer, const char* name = "deployment-web") {
    const auto object = http.get("workloadprofiles", "shop", name);
    const Json::json_pointer p{std::string(pointer)};
    return object && object->contains(p) ? object->at(p) : Json();
  }
};

}  // namespace profiling::controllers
