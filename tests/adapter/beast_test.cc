// The server's promises on plain HTTP: framing, limits, deadlines, order, drain.
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/net/beast/server.h"
#include "tests/adapter/sockets.h"
#include "tests/support/wait_for.h"

namespace profiling::net::beast {
namespace {

using namespace std::chrono_literals;
using test::dial;
using test::Socket;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BeastTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.name = "test";
    if (options.address == "::") options.address = "127.0.0.1";
    ServerObserver observer;
    observer.rejected = [this](std::string_view reason) {
      const std::lock_guard lock(mutex_);
      ++rejected_[std::string(reason)];
    };
    observer.connections = [this](int delta) { open_ += delta; };
    auto server = makeServer(
        std::move(options),
        {{"POST", "/echo",
          [this](const ServerRequest& r) {
            EXPECT_GE(r.body_capacity, r.body.size() + ServerRequest::kBodyPadding);
            ++handled_;
            return ServerResponse{
                200, "text/plain", std::string(r.query) + "|" + std::string(r.body), {}};
          }},
         {"POST", "/slow",
          [this](const ServerRequest&) {
            entered_.set_value();
            release_.get_future().wait();
            return ServerResponse{200, "text/plain", "late but whole", {}};
          }},
         {"POST", "/throws",
          [](const ServerRequest&) -> ServerResponse { throw std::runtime_error("handler"); }},
         {"POST", "/small",
          [](const ServerRequest&) {
            return ServerResponse{200, "text/plain", "ok", {}};
          },
          100},
         {"GET", "/ok",
          [](const ServerRequest&) {
            return ServerResponse{200, "text/plain", "ok", {}};
          }}},
        observer);
    ASSERT_TRUE(server.ok()) << server.status().toString();
    server_ = *std::move(server);
  }
  int rejected(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    return rejected_[reason];
  }
  std::string exchange(const std::string& request) {
    const Socket s = dial(server_->port());
    s.send(request);
    return s.receive();
  }
  static std::string post(const std::string& body,
                          const std::string& more = "Connection: close\r\n",
                          const std::string& path = "/echo") {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::mutex mutex_;
  std::map<std::string, int> rejected_;
  std::atomic<int> open_{0};
  std::atomic<int> handled_{0};
  std::promise<void> entered_;
  std::promise<void> release_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(BeastTest, AnswersWithTheHandlersReply) {
  start();
  const std::string answer = exchange(
      "POST /echo?timeout=3s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
      "5\r\n\r\nhello");
  EXPECT_THAT(answer,
              StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\ntimeout=3s|hello"));
}

TEST_F(BeastTest, ReadsChunkedBodies) {
  start();
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n"
                       "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n"),
              HasSubstr("|hello world"));
}

TEST_F(BeastTest, RoutesByExactPathAndMethod) {
  start();
  EXPECT_THAT(exchange(post("", "Connection: close\r\n", "/nowhere")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(exchange(post("", "Connection: close\r\n", "/echo/")), StartsWith("HTTP/1.1 404 "));
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "BREW"}) {
    const std::string answer =
        exchange(std::string(method) + " /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("\r\nAllow: POST\r\n")) << method;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(BeastTest, RefusesAmbiguousFraming) {
  start();
  const std::string head = "POST /echo HTTP/1.1\r\n";
  const std::map<std::string, std::string> bad{
      {"no Host", head + "Content-Length: 0\r\n\r\n"},
      {"two Hosts", head + "Host: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n"},
      {"length and chunked",
       head + "Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"differing lengths",
       head + "Host: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
      {"equal lengths", head + "Host: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {"unknown encoding", head + "Host: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
      {"encoding list", head + "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked twice", head + "Host: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked twice as two fields",
       head + "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
              "0\r\n\r\n"},
      {"malformed chunk size",
       head + "Host: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"},
      {"overflowing chunk size",
       head + "Host: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n"},
      {"negative length", head + "Host: x\r\nContent-Length: -1\r\n\r\n"},
      {"overflowing length", head + "Host: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
      {"obs-fold", head + "Host: x\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"},
      {"NUL in a header",
       head + "Host: x\r\nX-A: b" + std::string(1, '\0') + "c\r\nContent-Length: 0\r\n\r\n"},
      {"bare LF", head + "Host: x\nContent-Length: 0\r\n\r\n"},
      {"no such version", "POST /echo HTTP/9.9\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"upgrade to h2c",
       head + "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
              "AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 0\r\n\r\n"},
      {"target that is not ASCII",
       "POST /ech\xC3\xB6 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
      {"absolute target", "POST http://evil/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
      {"blank in a name", head + "Host: x\r\nContent-Length : 0\r\n\r\n"},
      {"not HTTP", "\x16\x03\x01 hello\r\n\r\n"},
  };
  for (const auto& [name, request] : bad)
    EXPECT_THAT(exchange(request), StartsWith("HTTP/1.1 400 ")) << name;
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(rejected("malformed"), static_cast<int>(bad.size()));
  EXPECT_THAT(exchange(post("still alive")), HasSubstr("still alive"));
}

TEST_F(BeastTest, EnforcesItsLimits) {
  ServerOptions options;
  options.limits.body = 1000;
  options.limits.header_fields = 10;
  start(options);
  // Refused by the length alone, before any of the body was sent.
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange(post(std::string(1000, 'x'))), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(
      exchange("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
               std::string(1001, 'x') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange("POST /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(
      exchange("POST /echo HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(17000, 'a') + "\r\n\r\n"),
      StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange(std::string(20000, 'a')), StartsWith("HTTP/1.1 414 "));
  std::string many = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_THAT(exchange(many + "\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(BeastTest, SlowPeersAreCutOffAndCounted) {
  ServerOptions options;
  options.limits.header = 50ms;
  options.limits.body_read = 50ms;
  options.limits.idle = 50ms;
  start(options);
  EXPECT_THAT(exchange("POST /echo HT"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(exchange(""), "") << "an idle connection is closed without a word";
  EXPECT_EQ(rejected("header_timeout"), 1);
  EXPECT_EQ(rejected("body_timeout"), 1);
}

TEST_F(BeastTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  EXPECT_THAT(exchange(post("one", "") + post("two", "") + post("three")),
              ::testing::ContainsRegex("\\|one.*\\|two.*\\|three"));
  EXPECT_EQ(handled_, 3);
}

TEST_F(BeastTest, HonoursExpectContinue) {
  start();
  const Socket s = dial(server_->port());
  s.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: "
      "100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(s.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  s.send("hello");
  EXPECT_THAT(s.receive(), HasSubstr("|hello"));
  EXPECT_THAT(
      exchange("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 5\r\n\r\nhello"),
      StartsWith("HTTP/1.1 417 "));
}

TEST_F(BeastTest, AHandlerThatThrowsIsAnsweredWith500) {
  start();
  EXPECT_THAT(exchange(post("", "Connection: close\r\n", "/throws")), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(rejected("handler_exception"), 1);
}

TEST_F(BeastTest, AClientSendingALargeBodyStillSeesTheRefusal) {
  start();
  const Socket s = dial(server_->port());
  const std::string big(4u << 20, 'x');
  s.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(big.size()) +
         "\r\n\r\n");
  std::thread writer([&] { s.send(big); });
  EXPECT_THAT(s.receive("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  writer.join();
}

TEST_F(BeastTest, ConnectionsAreCapped) {
  ServerOptions options;
  options.limits.connections = 3;
  options.limits.connections_per_peer = 2;
  options.threads = 1;
  start(options);
  const Socket first = dial(server_->port());
  const Socket second = dial(server_->port());
  first.send(post("a", ""));
  first.receive("|a");
  first.send(
      "POST");  // no longer idle, once the thread has read it: before the second answer at last
  for (const char* body : {"b", "c"}) {
    second.send(post(body, ""));
    second.receive(std::string("|") + body);
  }
  {
    const Socket third = dial(server_->port());
    EXPECT_TRUE(second.closed()) << "the idle connection gives way";
    EXPECT_TRUE(test::waitFor([&] { return rejected("gave_way") == 1; }));
  }
  // What has arrived but was not read yet does not count, so a try may end with another one that gives
  // way.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto late = [&] { return std::chrono::steady_clock::now() > deadline; };
  while (rejected("peer_cap") == 0 && !late()) {
    const Socket busy = dial(server_->port());
    busy.send("POST");
    const int gave_way = rejected("gave_way");
    const Socket another = dial(server_->port());
    while (rejected("peer_cap") == 0 && rejected("gave_way") == gave_way && !late()) {
      std::this_thread::sleep_for(1ms);
    }
  }
  EXPECT_GE(rejected("peer_cap"), 1) << "two requests are being sent";
}

TEST_F(BeastTest, BodiesHaveTheBoundOfTheirRouteAndUnknownPathsHaveNone) {
  start();
  const auto declared = [&](const std::string& path, int length) {
    return exchange("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(length) + "\r\n\r\n");
  };
  EXPECT_THAT(declared("/small", 101), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(declared("/nowhere", 101), StartsWith("HTTP/1.1 404 ")) << "before the body";
  EXPECT_THAT(declared("/ok", 101), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(exchange(post(std::string(100, 'x'), "Connection: close\r\n", "/small")),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(
      exchange("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
               std::string(101, 'x') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_F(BeastTest, BodiesInMemoryAreBoundedForAPeer) {
  ServerOptions options;
  options.limits.bodies_in_memory = 1 << 20;
  start(options);
  const std::string big(400 * 1024, 'x');
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto late = [&] { return std::chrono::steady_clock::now() >= deadline; };
  const auto busy = [&] {
    const Socket more = dial(server_->port(), 2);
    more.send(post(big));
    return more.receive();
  };
  std::string first;
  // Where both bodies are half read, both may be refused.
  do {
    const Socket half = dial(server_->port(), 2);
    half.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 409601\r\n\r\n" + big);
    for (int tries = 0; tries < 20 && !busy().starts_with("HTTP/1.1 503 "); ++tries) {
    }
    const Socket other = dial(server_->port(), 3);
    other.send(post(big));
    EXPECT_THAT(other.receive(), StartsWith("HTTP/1.1 200 ")) << "another peer has its own share";
    half.send("x");
    first = half.receive("HTTP/1.1");
  } while (!first.starts_with("HTTP/1.1 200") && !late());
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200"));
  EXPECT_GE(rejected("busy"), 1);
  // Bytes are given back, once the server has seen its answer go.
  std::string again;
  do {
    again = exchange(post(big));
  } while (!again.starts_with("HTTP/1.1 200 ") && !late());
  EXPECT_THAT(again, StartsWith("HTTP/1.1 200 "));
}

TEST_F(BeastTest, AnIoThreadThatHangsIsSeen) {
  ServerOptions options;
  options.threads = 2;
  start(options);
  EXPECT_EQ(server_->stalledFor(), 0ms);
  EXPECT_LT(server_->stalledFor(), 20s);
  const Socket busy = dial(server_->port());
  busy.send(post("", "", "/slow"));
  entered_.get_future().wait();
  const auto stalled = [&](std::chrono::milliseconds time) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (server_->stalledFor() < time && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return server_->stalledFor() >= time;
  };
  EXPECT_TRUE(stalled(50ms)) << "although the other thread answers";
  release_.set_value();
  EXPECT_THAT(busy.receive("whole"), HasSubstr("late but whole"));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (server_->stalledFor() >= 50ms && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_LT(server_->stalledFor(), 50ms);
}

TEST_F(BeastTest, ServesRequestsBesideManyIdleConnections) {
  ServerOptions options;
  options.limits.connections_per_peer = 1'000;
  start(options);
  std::vector<Socket> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(dial(server_->port()));
  EXPECT_THAT(exchange(post("among many")), HasSubstr("|among many"));
}

TEST_F(BeastTest, DrainWaitsForTheReplyInFlightAndClosesTheIdle) {
  start();
  const Socket idle = dial(server_->port());
  idle.send(post("x", ""));
  idle.receive("|x");
  const Socket busy = dial(server_->port());
  busy.send(post("", "", "/slow"));
  entered_.get_future().wait();
  auto drained = std::async(std::launch::async, [this] { return server_->drain(20s); });
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  release_.set_value();
  EXPECT_THAT(busy.receive(), HasSubstr("late but whole"));
  EXPECT_TRUE(drained.get());
  EXPECT_EQ(open_, 0);
  EXPECT_LT(dial(server_->port()).fd(), 0) << "nothing is accepted any more";
}

TEST_F(BeastTest, ConnectionsCanBeClosedAfterTheirRepliesAndNewOnesAreServed) {
  start();
  const Socket kept = dial(server_->port());
  kept.send(post("x", ""));
  EXPECT_THAT(kept.receive("|x"), Not(HasSubstr("Connection: close")));
  server_->closeAfterReplies();
  kept.send(post("y", ""));
  EXPECT_THAT(kept.receive("|y"), HasSubstr("Connection: close"));
  EXPECT_TRUE(kept.closed());
  EXPECT_THAT(exchange(post("new", "")), AllOf(HasSubstr("Connection: close"), HasSubstr("|new")));
}

TEST_F(BeastTest, DrainReportsAPassedDeadline) {
  start();
  const Socket busy = dial(server_->port());
  busy.send(post("", "", "/slow"));
  entered_.get_future().wait();
  EXPECT_FALSE(server_->drain(20ms));
  release_.set_value();
}

TEST_F(BeastTest, BadAddressesAndTakenPortsAreErrors) {
  start();
  ServerOptions options;
  options.address = "not-an-address";
  EXPECT_EQ(makeServer(options, {}).status().code(), Code::kInvalidArgument);
  options.address = "127.0.0.1";
  options.port = server_->port();
  // reuse_address lets a listener take a port in TIME_WAIT, not one that is served.
  EXPECT_EQ(makeServer(options, {}).status().code(), Code::kUnavailable);
}

// In its own process, because the limit would hit the test runner too.
TEST(BeastDescriptors, ExhaustionPausesAcceptingInsteadOfSpinning) {
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> pauses{0};
    ServerOptions options;
    options.address = "127.0.0.1";
    options.limits.connections_per_peer = 1'000;
    ServerObserver observer;
    observer.rejected = [&](std::string_view reason) {
      pauses += reason == "accept_paused" ? 1 : 0;
    };
    auto server = makeServer(options,
                             {{"GET", "/ok",
                               [](const ServerRequest&) {
                                 return ServerResponse{200, "text/plain", "ok", {}};
                               }}},
                             observer);
    if (!server.ok()) _exit(2);
    // The clients already hold their descriptors; the server cannot get enough to accept them all.
    std::vector<Socket> held;
    for (int i = 0; i < 30; ++i) held.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    rlimit low{};
    getrlimit(RLIMIT_NOFILE, &low);
    low.rlim_cur = static_cast<rlim_t>(held.back().fd() + 10);
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(5);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons((*server)->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const Socket& s : held)
      connect(s.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (pauses == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    if (pauses == 0) _exit(3);
    held.clear();
    const Socket s = dial((*server)->port());
    s.send("GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    _exit(s.receive("ok").find("200 OK") == std::string::npos ? 4 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0)
      << "2: no server, 3: never paused, 4: not served afterwards, 5: no limit";
}

}  // namespace
}  // namespace profiling::net::beast
