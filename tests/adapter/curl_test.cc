// The query client's promises, against peers that misbehave at the level of sockets.
#include <atomic>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/net/curl/client.h"
#include "tests/adapter/peer.h"

namespace profiling::net::curl {
namespace {

using namespace std::chrono_literals;
using test::Listener;
using test::Peer;
using test::Socket;
using ::testing::HasSubstr;
using ::testing::Not;

std::string answer(const std::string& body, const std::string& status = "200 OK",
                   const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::unique_ptr<QueryClient> client(ClientOptions options = {}) {
  auto made = makeClient(options);
  EXPECT_TRUE(made.ok()) << made.status().toString();
  return *std::move(made);
}

TEST(CurlClient, SendsWhatItWasGivenAndReturnsTheBody) {
  Peer peer([](const Socket& s, const std::string&) { s.send(answer("{\"names\":[]}")); });
  const auto c = client();
  const auto got =
      c->post(peer.url() + "/q", "{\"name\":\"pod\"}", {{"X-Scope-OrgID", "shop"}}, 10s, {});
  ASSERT_TRUE(got.ok()) << got.status().toString();
  EXPECT_EQ(*got, "{\"names\":[]}");
  ASSERT_TRUE(c->get(peer.url() + "/metrics", {}, 10s, {}).ok());
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], HasSubstr("POST /q HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("X-Scope-OrgID: shop\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Content-Length: 14\r\n"));
  EXPECT_THAT(requests[0], Not(HasSubstr("Expect")));
  EXPECT_THAT(requests[1], HasSubstr("GET /metrics HTTP/1.1\r\n"));
}

TEST(CurlClient, MapsAStatusToTheCodeOfTheNextAction) {
  std::atomic<const char*> status = "";
  Peer peer([&](const Socket& s, const std::string&) {
    s.send(answer("why\n" + std::string(5000, 'x'), status.load()));
  });
  const auto c = client();
  const std::pair<const char*, Code> cases[] = {
      {"400 Bad", Code::kInvalidArgument}, {"401 No", Code::kUnauthenticated},
      {"403 No", Code::kPermissionDenied}, {"404 None", Code::kNotFound},
      {"429 Slow", Code::kRateLimited},    {"500 Oops", Code::kUnavailable},
      {"503 Busy", Code::kUnavailable}};
  for (const auto& [line, code] : cases) {
    status = line;
    const auto got = c->get(peer.url(), {}, 10s, {});
    EXPECT_EQ(got.status().code(), code) << line;
    EXPECT_THAT(got.status().message(), HasSubstr("HTTP " + std::string(line, 3) + ": why x"));
    EXPECT_LT(got.status().message().size(), 300u);
  }
}

TEST(CurlClient, FollowsNoRedirect) {
  Peer other([](const Socket& s, const std::string&) { s.send(answer("elsewhere")); });
  Peer peer([&](const Socket& s, const std::string&) {
    s.send(answer("", "307 Go", "Location: " + other.url() + "/\r\n"));
  });
  EXPECT_EQ(client()->post(peer.url(), "{}", {}, 10s, {}).status().code(), Code::kInternal);
  EXPECT_TRUE(other.requests().empty());
}

TEST(CurlClient, UsesNoProxyOfTheEnvironment) {
  Peer proxy([](const Socket& s, const std::string&) { s.send(answer("proxy")); });
  Peer peer([](const Socket& s, const std::string&) { s.send(answer("peer")); });
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.url().c_str(), 1);
  }
  const auto got = client()->get(peer.url(), {}, 10s, {});
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, "peer");
}

TEST(CurlClient, SpeaksHttpOnly) {
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", ""}) {
    EXPECT_EQ(client()->get(url, {}, 5s, {}).status().code(), Code::kInvalidArgument) << url;
  }
  EXPECT_EQ(client()->get("http://127.0.0.1/\r\nX: y", {}, 5s, {}).status().code(),
            Code::kInvalidArgument);
}

TEST(CurlClient, AHeaderCannotInjectAnother) {
  const auto c = client();
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"X-Scope-OrgID", "a\r\nX-Other: b"}, {"X\r\nY", "a"}, {"", "a"}, {"X:", "a"}, {"X;", ""}};
  for (const auto& [name, value] : bad) {
    EXPECT_EQ(c->get("http://127.0.0.1:1/", {{name, value}}, 5s, {}).status().code(),
              Code::kInvalidArgument)
        << name;
  }
}

TEST(CurlClient, ABodyBeyondTheLimitIsRefused) {
  Peer* self = nullptr;
  std::atomic<const char*> length = "";
  Peer peer([&](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 200 OK\r\n" + std::string(length) + "\r\n");
    while (!self->done && s.send(std::string(1000, 'x'))) {
    }
  });
  self = &peer;
  ClientOptions options;
  options.max_body = 100'000;
  for (const char* header : {"", "Content-Length: 99999999\r\n"}) {
    length = header;
    EXPECT_EQ(client(options)->get(peer.url(), {}, 10s, {}).status().code(), Code::kTooLarge);
  }
}

TEST(CurlClient, CompressedBodiesAreNotRequested) {
  Peer peer([](const Socket& s, const std::string&) { s.send(answer("x")); });
  ASSERT_TRUE(client()->get(peer.url(), {}, 10s, {}).ok());
  EXPECT_THAT(peer.requests()[0], Not(HasSubstr("Accept-Encoding")));
}

TEST(CurlClient, TheDeadlineIsTotal) {
  Peer* self = nullptr;
  Peer drip([&](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!self->done && s.send("x")) std::this_thread::sleep_for(5ms);
  });
  self = &drip;
  EXPECT_EQ(client()->get(drip.url(), {}, 300ms, {}).status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(client()->get(drip.url(), {}, 0ms, {}).status().code(), Code::kDeadlineExceeded)
      << "no time is not all the time";
}

TEST(CurlClient, BrokenAnswersAreErrors) {
  std::atomic<const char*> text = "";
  Peer peer([&](const Socket& s, const std::string&) { s.send(text.load()); });
  const auto c = client();
  for (const char* bad :
       {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"}) {
    text = bad;
    EXPECT_EQ(c->get(peer.url(), {}, 10s, {}).status().code(), Code::kUnavailable) << bad;
  }
  int port = 0;
  { port = Listener().port(); }
  EXPECT_EQ(c->get("http://127.0.0.1:" + std::to_string(port), {}, 10s, {}).status().code(),
            Code::kUnavailable);
}

TEST(CurlClient, StoppingEndsACallAtOnce) {
  Peer* self = nullptr;
  std::atomic<int> phase{0};
  Peer peer([&](const Socket& s, const std::string&) {
    if (phase == 1) s.send("HTTP/1.1 200 OK\r\n");
    if (phase == 2) s.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx");
    while (!self->done && !s.closed()) {
    }
  });
  self = &peer;
  const auto c = client();
  for (int round = 0; round < 30; ++round) {
    phase = round % 3;
    std::stop_source stop;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(500 * (round % 7)));
      stop.request_stop();
    });
    EXPECT_EQ(c->get(peer.url(), {}, 60s, stop.get_token()).status().code(), Code::kCancelled);
    stopper.join();
  }
}

TEST(CurlClient, ManyThreadsShareOneClient) {
  Peer peer([](const Socket& s, const std::string&) { s.send(answer("x")); });
  const auto c = client();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) good += c->post(peer.url(), "{}", {}, 20s, {}).ok() ? 1 : 0;
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 160);
}

}  // namespace
}  // namespace profiling::net::curl
