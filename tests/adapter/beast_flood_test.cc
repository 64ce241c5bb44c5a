// Floods against the limits that ship, from several addresses: a peer with few connections is
// served, whatever the others do. Counts, no timings.
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/app/server_limits.h"
#include "operator/net/beast/server.h"
#include "tests/adapter/sockets.h"

namespace profiling::net::beast {
namespace {

using namespace std::chrono_literals;
using test::dial;
using test::Socket;
using ::testing::HasSubstr;

class FloodTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  void start(const ServerLimits& limits, int threads) {
    ServerOptions options;
    options.address = "127.0.0.1";
    options.limits = limits;
    options.threads = threads;
    const auto answer = [](const ServerRequest&) {
      return ServerResponse{200, "text/plain", "ok", {}};
    };
    auto server =
        makeServer(options, {{"GET", "/livez", answer}, {"POST", "/mutate-pods", answer}});
    ASSERT_TRUE(server.ok()) << server.status().toString();
    server_ = *std::move(server);
  }
  std::string probe(int from) {
    const Socket s = dial(server_->port(), from);
    s.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return s.receive();
  }
  // `count` connections from each of `peers` addresses, each of which has sent `text`.
  std::vector<Socket> flood(int peers, int count, const std::string& text) {
    std::vector<Socket> sockets;
    for (int i = 0; i < count; ++i) {
      for (int peer = 0; peer < peers; ++peer) {
        sockets.push_back(dial(server_->port(), 10 + peer));
        if (!text.empty()) sockets.back().send(text);
      }
    }
    return sockets;
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(FloodTest, ProbesAreAnsweredBesideSilentConnectionsOfOneAddress) {
  start(app::healthLimits(), 1);
  const auto silent = flood(1, 64, "");
  for (int i = 0; i < 20; ++i) EXPECT_THAT(probe(200), HasSubstr("200 OK")) << i;
  EXPECT_LE(std::ranges::count_if(silent, [](const Socket& s) { return !s.closedBefore(); }), 16);
}

TEST_F(FloodTest, ProbesAreAnsweredBesideSilentConnectionsOfManyAddresses) {
  start(app::healthLimits(), 1);
  const auto silent = flood(50, 10, "");
  for (int i = 0; i < 20; ++i) EXPECT_THAT(probe(200), HasSubstr("200 OK")) << i;
}

TEST_F(FloodTest, ProbesAreAnsweredBesideRequestsThatNeverEnd) {
  start(app::healthLimits(), 1);
  const auto slow = flood(8, 16, "GET /livez HTTP/1.1\r\nHost:");
  // Until the slow ones have lasted for a second, no connection gives way to another address.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (probe(200).empty() && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_THAT(probe(200), HasSubstr("200 OK"));
}

TEST_F(FloodTest, AdmissionsAreAnsweredBesideTheWebhooksConnectionCapTimesFour) {
  const ServerLimits limits = app::webhookLimits(256 << 20);
  start(limits, 2);
  const std::string whole = "POST /mutate-pods HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
  const auto idle = flood(4, static_cast<int>(limits.connections), "");
  const Socket kept = dial(server_->port(), 200);
  for (int i = 0; i < 50; ++i) {
    kept.send(whole);
    ASSERT_THAT(kept.receive("ok"), HasSubstr("200 OK")) << i << ": few connections stay";
    const Socket fresh = dial(server_->port(), 201);
    fresh.send(whole);
    ASSERT_THAT(fresh.receive("ok"), HasSubstr("200 OK")) << i;
  }
  const auto open = std::ranges::count_if(idle, [](const Socket& s) { return !s.closedBefore(); });
  EXPECT_LE(open, static_cast<long>(limits.connections));
}

TEST_F(FloodTest, ABurstOfOneAddressAsLargeAsItsCapIsAnswered) {
  const ServerLimits limits = app::webhookLimits(256 << 20);
  start(limits, 2);
  const auto burst = flood(1, static_cast<int>(limits.connections_per_peer),
                           "POST /mutate-pods HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  for (const Socket& s : burst) ASSERT_THAT(s.receive("ok"), HasSubstr("200 OK"));
}

}  // namespace
}  // namespace profiling::net::beast
