// Diagnoses of a server over time, and which of them are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "tests/unit/controllers/profilingserver/server_world.h"

namespace profiling::controllers {
namespace {

using specs::ObjectKind;

TEST(ServerStatus, KeepsExistingVolumes) {
  ServerWorld world;
  world.server.spec.persistence.size = "20Gi";
  const ServerDecision d = decideServer(world.input());
  ASSERT_EQ(d.apply.size(), 1U);
  EXPECT_EQ(d.apply[0].wanted.object.at("spec").at("volumeClaimTemplates"),
            world.set().at("spec").at("volumeClaimTemplates"));
  // Applied, it is not applied again.
  world.set()["metadata"]["annotations"] =
      d.apply[0].wanted.object.at("metadata").at("annotations");
  EXPECT_TRUE(decideServer(world.input()).apply.empty());
}

TEST(ServerStatus, AForeignObjectIsPolledBecauseItIsNotWatched) {
  ServerWorld world;
  world.object(ObjectKind::kService, "pyroscope")["metadata"].erase("ownerReferences");
  world.object(ObjectKind::kService, "pyroscope")["metadata"].erase("labels");
  EXPECT_EQ(decideServer(world.input()).requeue_after, std::chrono::milliseconds(30'000));
}

TEST(ServerStatus, StatusHasUrlHashAndReplicas) {
  const ServerDecision d = decideServer(ServerWorld().input());
  EXPECT_EQ(d.status.url, "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(d.status.config_hash.size(), 16U);
  EXPECT_EQ(d.status.ready_replicas, 1);
}

TEST(ServerStatus, DecidingAgainOnTheSameInputKeepsTheStatus) {
  ServerWorld world;
  world.server.status = decideServer(world.input()).status;
  ServerInput later = world.input();
  later.now = "2026-08-01T13:00:00Z";
  EXPECT_EQ(api::toJson(decideServer(later).status), api::toJson(world.server.status));
}

TEST(ServerStatus, StorageKeepsItsLastStateWhileThePodIsReplaced) {
  ServerWorld world;
  world.server.status = decideServer(world.input()).status;
  world.pods.clear();
  EXPECT_EQ(statusOf(decideServer(world.input()).status, "StorageConfigured"),
            "True CredentialsInPlace");
  world.server.metadata.generation = 4;  // another spec may name another Secret
  EXPECT_EQ(statusOf(decideServer(world.input()).status, "StorageConfigured"),
            "Unknown Progressing");
}

TEST(ServerStatus, StorageOfTheOtherKinds) {
  ServerWorld world;
  world.server.spec.storage.s3->credentials.reset();
  EXPECT_EQ(statusOf(decideServer(world.input()).status, "StorageConfigured"),
            "True ServerOwnCredentials");
  world.server = test::filesystemServer();
  EXPECT_EQ(statusOf(decideServer(world.input()).status, "StorageConfigured"),
            "True FilesystemVolume");
}

TEST(ServerStatus, ARefusedObjectIsNamed) {
  ServerWorld world;
  const ServerDecision d = decideServer(world.input());
  const auto status = rejected(world.input(), d.status, specs::serverObjects(world.server).back(),
                               "exceeded quota");
  EXPECT_EQ(statusOf(status, "Ready"), "False ApplyRejected");
  EXPECT_EQ(messageOf(status, "Ready"), "StatefulSet 'pyroscope' was refused: exceeded quota");
}

}  // namespace
}  // namespace profiling::controllers
