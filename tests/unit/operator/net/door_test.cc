#include "operator/net/beast/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::net::beast {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() {
    limits_.connections = 6;
    limits_.connections_per_peer = 4;
    limits_.handshakes_per_second = 0;
    limits_.bodies_in_memory = 1'000;
  }
  // The connection, or end() with refusal_.
  std::optional<Door::Ticket> enter(const std::string& peer) {
    const std::string name = peer + "/" + std::to_string(++number_);
    return door_.enter(
        peer, [this, name] { left_.push_back(name); }, now_, refusal_, displaced_);
  }
  Door::Ticket idle(const std::string& peer) {
    const auto ticket = enter(peer);
    EXPECT_TRUE(ticket) << refusal_;
    EXPECT_TRUE(door_.enterPhase(*ticket, Phase::kIdle, now_));
    now_ += 1ms;
    return *ticket;
  }
  Door::Ticket reading(const std::string& peer, std::size_t bytes) {
    const Door::Ticket ticket = idle(peer);
    EXPECT_TRUE(door_.enterPhase(ticket, Phase::kReading, now_));
    EXPECT_TRUE(door_.reserve(ticket, bytes, now_));
    return ticket;
  }

  ServerLimits limits_;
  Door door_{limits_};
  SteadyTime now_ = SteadyTime() + 1h;
  int number_ = 0;
  std::vector<std::string> left_;  // "PEER/number", in the order in which they were sent away
  std::string_view refusal_;
  bool displaced_ = false;
};

TEST_F(DoorTest, AtThePeersCapItsOwnLongestIdleConnectionGivesWay) {
  idle("other");
  for (int i = 0; i < 4; ++i) idle("a");
  EXPECT_THAT(left_, IsEmpty());
  EXPECT_TRUE(enter("a"));
  EXPECT_TRUE(displaced_);
  EXPECT_THAT(left_, ElementsAre("a/2"));
}

TEST_F(DoorTest, AtTheCapThePeerWithTheMostConnectionsGivesWay) {
  const auto oldest = idle("b");
  idle("b");
  for (int i = 0; i < 4; ++i) idle("a");
  EXPECT_TRUE(enter("c"));
  EXPECT_THAT(left_, ElementsAre("a/3"));
  EXPECT_TRUE(door_.enterPhase(oldest, Phase::kReading, now_)) << "still there";
}

TEST_F(DoorTest, WhatHasJustBegunStays) {
  for (int i = 0; i < 4; ++i) door_.enterPhase(idle("a"), Phase::kAnswering, now_);
  EXPECT_TRUE(enter("b"));
  EXPECT_TRUE(enter("b"));
  EXPECT_FALSE(enter("c"));
  EXPECT_EQ(refusal_, "connection_cap");
  EXPECT_FALSE(enter("a"));
  EXPECT_EQ(refusal_, "peer_cap");
  EXPECT_THAT(left_, IsEmpty());
  now_ += kPatience + 1ms;
  EXPECT_TRUE(enter("c")) << "an answer that is not taken for a second gives way";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(enter("c"));
  EXPECT_THAT(left_, ElementsAre("a/1", "a/2", "a/3", "b/5")) << "and so does a handshake";
}

TEST_F(DoorTest, AConnectionThatWasSentAwayMayNotGoOn) {
  const auto first = idle("a");
  for (int i = 0; i < 3; ++i) idle("a");
  EXPECT_TRUE(enter("a"));
  EXPECT_FALSE(door_.enterPhase(first, Phase::kReading, now_));
  EXPECT_FALSE(door_.reserve(first, 1, now_));
  EXPECT_EQ(door_.totals().connections, 4U);
  door_.left(first);
  EXPECT_EQ(door_.totals().connections, 4U) << "counted out once";
}

TEST_F(DoorTest, APeerHasHalfOfTheBytes) {
  const auto ticket = reading("a", 500);
  EXPECT_FALSE(door_.reserve(ticket, 1, now_));
  reading("b", 500);
  EXPECT_FALSE(door_.reserve(idle("c"), 1, now_)) << "all bytes are taken";
  door_.enterPhase(ticket, Phase::kIdle, now_);
  EXPECT_TRUE(door_.reserve(idle("c"), 500, now_));
  EXPECT_EQ(door_.totals().bytes, 1'000U);
}

TEST_F(DoorTest, SlowBodiesGiveWayToAPeerThatHoldsLess) {
  reading("a", 300);
  reading("a", 200);
  const auto slow = reading("b", 400);
  now_ += kPatience + 1ms;
  const auto asking = reading("c", 100);
  EXPECT_TRUE(door_.reserve(asking, 50, now_));
  EXPECT_THAT(left_, ElementsAre("a/1"));
  EXPECT_TRUE(door_.reserve(slow, 10, now_)) << "the others keep theirs";
}

TEST_F(DoorTest, AnIdleConnectionHoldsNoBytes) {
  const auto ticket = reading("a", 500);
  door_.enterPhase(ticket, Phase::kAnswering, now_);
  EXPECT_EQ(door_.totals().bytes, 500U);
  door_.enterPhase(ticket, Phase::kIdle, now_);
  EXPECT_EQ(door_.totals().bytes, 0U);
}

TEST_F(DoorTest, NewConnectionsOfAPeerHaveARateThatLeavesRoomForABurst) {
  limits_.handshake_burst = 3;
  limits_.handshakes_per_second = 2;
  const auto churn = [&](const std::string& peer) {
    const auto ticket = enter(peer);
    if (ticket) door_.left(*ticket);
    return ticket.has_value();
  };
  EXPECT_TRUE(churn("a") && churn("a") && churn("a"));
  EXPECT_FALSE(churn("a"));
  EXPECT_EQ(refusal_, "handshake_rate");
  EXPECT_TRUE(churn("b")) << "another peer is not held";
  now_ += 500ms;
  EXPECT_TRUE(churn("a"));
  EXPECT_FALSE(churn("a")) << "one for each half second";
}

TEST_F(DoorTest, PeersWithoutConnectionsAreForgotten) {
  limits_.handshakes_per_second = 128;
  for (int i = 0; i < 10'000; ++i) {
    const auto ticket = enter("peer" + std::to_string(i));
    ASSERT_TRUE(ticket);
    door_.left(*ticket);
  }
  EXPECT_LE(door_.totals().peers, 4'096U);
}

}  // namespace
}  // namespace profiling::net::beast
