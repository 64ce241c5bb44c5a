#include "operator/kube/elector.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_http.h"

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeHttp;
using ::testing::HasSubstr;

// One Lease, with the API server's rules: a patch with another resourceVersion is a conflict.
class LeaseServer {
 public:
  Result<net::Response> operator()(const net::Request& request) {
    const std::scoped_lock lock(mutex_);
    if (broken_) return Status(Code::kUnavailable, "connection reset");
    if (request.method == net::Method::kGet) {
      if (lease_.is_null()) return FakeHttp::json(404, R"({"reason":"NotFound"})");
      return FakeHttp::json(200, lease_.dump());
    }
    const nlohmann::json body = nlohmann::json::parse(request.body);
    if (late_ > 0 && body["spec"]["holderIdentity"] == "") {
      --late_;
      lease_["metadata"]["resourceVersion"] = std::to_string(++version_);
    }
    if (request.method == net::Method::kPost) {
      if (!lease_.is_null()) return FakeHttp::json(409, R"({"reason":"AlreadyExists"})");
      lease_ = body;
    } else {
      if (body["metadata"]["resourceVersion"] != lease_["metadata"]["resourceVersion"]) {
        return FakeHttp::json(409, R"({"reason":"Conflict"})");
      }
      lease_.merge_patch(body);
    }
    lease_["metadata"]["resourceVersion"] = std::to_string(++version_);
    return FakeHttp::json(200, lease_.dump());
  }
  nlohmann::json metadata() const {
    const std::scoped_lock lock(mutex_);
    return lease_.at("metadata");
  }
  LeaseRecord lease() const {
    const std::scoped_lock lock(mutex_);
    return leaseFromJson(lease_);
  }
  void breakDown(bool broken) {
    const std::scoped_lock lock(mutex_);
    broken_ = broken;
  }
  // So many renewals are stored when the lease is given up, each behind the holder's last look.
  void storeLate(int renewals) {
    const std::scoped_lock lock(mutex_);
    late_ = renewals;
  }
  void give(const std::string& holder) {
    const std::scoped_lock lock(mutex_);
    lease_["spec"]["holderIdentity"] = holder;
    lease_["metadata"]["resourceVersion"] = std::to_string(++version_);
  }

 private:
  mutable std::mutex mutex_;
  nlohmann::json lease_;
  int version_ = 0;
  bool broken_ = false;
  int late_ = 0;
};

// Waits for what the elector's thread reports.
class Signal {
 public:
  void raise(const std::string& text = {}) {
    const std::scoped_lock lock(mutex_);
    text_ = text;
    raised_ = true;
    changed_.notify_all();
  }
  bool wait(Millis deadline = 20s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return raised_; });
  }
  bool raised() {
    const std::scoped_lock lock(mutex_);
    return raised_;
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
  std::string text_;
};

struct Candidate {
  Candidate(LeaseServer& server, const std::string& name, LeaseTiming timing)
      : elector(client, {"ns", "op", name, timing, {{"labels", {{"a", "b"}}}}}) {
    http.onSend([&server](const net::Request& r) { return server(r); });
  }
  void start() {
    elector.start([this] { elected.raise(); }, [this](const std::string& why) { lost.raise(why); });
  }
  FakeHttp http;
  Client client{http};
  Signal elected, lost;
  Elector elector;
};

const LeaseTiming kFast{30s, 20s, 20ms};

TEST(Elector, OneOfTwoLeadsAndTheOtherFollowsWhenItStops) {
  LeaseServer server;
  Candidate a(server, "a", kFast), b(server, "b", kFast);
  a.start();
  ASSERT_TRUE(a.elected.wait());
  EXPECT_TRUE(a.elector.leading());
  b.start();
  ASSERT_TRUE(b.http.waitForCalls(5));
  EXPECT_FALSE(b.elected.raised());
  EXPECT_EQ(b.elector.holder(), "a");
  a.elector.stop();
  EXPECT_FALSE(a.elector.leading());
  ASSERT_TRUE(b.elected.wait());
  EXPECT_EQ(server.lease().holder, "b");
  EXPECT_FALSE(a.lost.raised());
}

TEST(Elector, StoppedHolderLeavesTheLeaseFree) {
  LeaseServer server;
  Candidate a(server, "a", kFast);
  a.start();
  ASSERT_TRUE(a.elected.wait());
  EXPECT_EQ(server.metadata().at("name"), "op");
  EXPECT_EQ(server.metadata().at("labels").at("a"), "b");
  a.elector.stop();
  EXPECT_EQ(server.lease().holder, "");
  EXPECT_EQ(server.lease().duration_seconds, 1);
}

TEST(Elector, ALateStoredRenewalDoesNotPreventTheRelease) {
  LeaseServer server;
  Candidate a(server, "a", kFast);
  a.start();
  ASSERT_TRUE(a.elected.wait());
  server.storeLate(1);
  a.elector.stop();
  EXPECT_EQ(server.lease().holder, "");
}

TEST(Elector, StoppedFollowerWritesNothing) {
  LeaseServer server;
  Candidate a(server, "a", kFast), b(server, "b", kFast);
  a.start();
  ASSERT_TRUE(a.elected.wait());
  b.start();
  ASSERT_TRUE(b.http.waitForCalls(3));
  b.elector.stop();
  for (const auto& call : b.http.calls()) EXPECT_EQ(call.request.method, net::Method::kGet);
}

TEST(Elector, LossIsReportedWithTheLastErrorAfterFailedRenewals) {
  LeaseServer server;
  Candidate a(server, "a", {30s, 200ms, 20ms});
  a.start();
  ASSERT_TRUE(a.elected.wait());
  server.breakDown(true);
  ASSERT_TRUE(a.lost.wait());
  EXPECT_THAT(a.lost.text(), HasSubstr("not renewed within 200 ms"));
  EXPECT_THAT(a.lost.text(), HasSubstr("connection reset"));
  EXPECT_FALSE(a.elector.leading());
}

TEST(Elector, LossIsReportedWhenAnotherHoldsTheLease) {
  LeaseServer server;
  Candidate a(server, "a", kFast);
  a.start();
  ASSERT_TRUE(a.elected.wait());
  server.give("intruder");
  ASSERT_TRUE(a.lost.wait());
  EXPECT_THAT(a.lost.text(), HasSubstr("'intruder' holds the lease"));
  a.elector.stop();
  EXPECT_EQ(server.lease().holder, "intruder");
}

TEST(Elector, IdentitiesDiffer) {
  EXPECT_NE(makeIdentity("pod"), makeIdentity("pod"));
}

}  // namespace
}  // namespace profiling::kube
