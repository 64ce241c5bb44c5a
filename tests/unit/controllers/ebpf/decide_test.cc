#include "controllers/ebpf/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::controllers {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

specs::EbpfObjects wanted() {
  api::EbpfSettings s;
  s.image = "grafana/alloy:v1.18.1";
  return specs::ebpfObjects(s, {"profiling-system", "op-ebpf", {}}, "http://p:4040");
}
Json stored(Json object, const char* uid) {
  object["metadata"]["uid"] = uid;
  object["metadata"]["resourceVersion"] = "7";
  object["metadata"]["managedFields"] = Json::array({{{"manager", kEbpfFieldManager}}});
  return object;
}
EbpfInput complete() {
  return {wanted(), stored(wanted().config_map, "c"), stored(wanted().daemon_set, "d")};
}

TEST(DecideEbpf, ObjectsWithoutDriftAreLeftAlone) {
  const EbpfDecision d = decideEbpf(complete());
  EXPECT_THAT(d.changes, IsEmpty());
  EXPECT_EQ(d.blocked, "");
}

TEST(DecideEbpf, TheFirstDifferenceIsReported) {
  EbpfInput input = complete();
  input.daemon_set["spec"]["template"]["spec"]["hostPID"] = false;
  const EbpfDecision d = decideEbpf(input);
  ASSERT_EQ(d.changes.size(), 1U);
  EXPECT_EQ(d.changes[0].object, EbpfObject::kDaemonSet);
  EXPECT_EQ(d.changes[0].difference, "/spec/template/spec/hostPID");
  EXPECT_EQ(d.changes[0].uid, "d");
  EXPECT_EQ(d.changes[0].resource_version, "7");
}

TEST(DecideEbpf, ObjectsWithoutLabelsAreRecognizedByTheirFieldManager) {
  EbpfInput input = complete();
  input.daemon_set["metadata"].erase("labels");
  ASSERT_EQ(decideEbpf(input).changes.size(), 1U);
  input.wanted.reset();
  EXPECT_EQ(decideEbpf(input).changes.size(), 2U);
}

TEST(DecideEbpf, AForeignObjectBlocksBothWritesAndIsNamed) {
  EbpfInput input = complete();
  input.config_map = nullptr;
  input.daemon_set["metadata"].erase("labels");
  input.daemon_set["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl"}}});
  const EbpfDecision d = decideEbpf(input);
  EXPECT_THAT(d.changes, IsEmpty());
  EXPECT_THAT(d.blocked,
              HasSubstr("DaemonSet 'profiling-system/op-ebpf' exists and does not belong to"));
}

TEST(DecideEbpf, TerminatingObjectsBlockTheWrites) {
  EbpfInput input = complete();
  input.daemon_set["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_THAT(decideEbpf(input).blocked, HasSubstr("is being deleted"));
  input.wanted.reset();
  const EbpfDecision off = decideEbpf(input);
  ASSERT_EQ(off.changes.size(), 1U);
  EXPECT_EQ(off.changes[0].object, EbpfObject::kConfigMap);
}

}  // namespace
}  // namespace profiling::controllers
