// The client's promises, against peers that misbehave at the level of sockets.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/net/beast/server.h"
#include "operator/net/cpprest/client.h"
#include "operator/tls/material.h"
#include "operator/tls/x509.h"
#include "tests/adapter/peer.h"

namespace profiling::net::cpprest {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;
using test::Listener;
using test::Peer;
using test::Socket;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string chunk(const std::string& data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

std::unique_ptr<HttpClient> client(const std::string& url, ClientOptions options = {}) {
  options.base_url = url;
  auto made = makeClient(std::move(options));
  EXPECT_TRUE(made.ok()) << made.status().toString();
  return *std::move(made);
}
Request get(const std::string& target = "/") {
  return Request{Method::kGet, target, "", "", "application/json"};
}

TEST(CpprestClient, SendsMethodTargetBodyAndTypeAndReadsTheAnswer) {
  Peer peer([](const Socket& s, const std::string&) {
    s.send(
        "HTTP/1.1 429 Slow\r\nContent-Type: text/plain\r\nRetry-After: 7\r\nContent-Length: "
        "4\r\n\r\nwait");
  });
  const auto answer = client(peer.url())
                          ->send({Method::kPatch, "/a%20b?fieldManager=x", "{}",
                                  "application/apply-patch+yaml", "application/json"},
                                 10s, {});
  ASSERT_TRUE(answer.ok()) << answer.status().toString();
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->retry_after, "7");
  EXPECT_EQ(answer->body, "wait");
  EXPECT_THAT(peer.requests().at(0), HasSubstr("PATCH /a%20b?fieldManager=x HTTP/1.1\r\n"));
  EXPECT_THAT(peer.requests().at(0), HasSubstr("Content-Type:application/apply-patch+yaml\r\n"));
}

TEST(CpprestClient, FollowsNoRedirectAndSendsTheTokenNowhereElse) {
  Listener other;
  Peer peer([&](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:" + std::to_string(other.port()) +
           "/steal\r\nContent-Length: 0\r\n\r\n");
  });
  ClientOptions options;
  options.token = "secret-token";
  const auto answer = client(peer.url(), options)->send(get(), 10s, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 307);
  EXPECT_THAT(peer.requests().at(0), HasSubstr("Authorization:Bearer secret-token\r\n"));
  EXPECT_FALSE(other.waiting(100ms));
}

TEST(CpprestClient, TheTotalDeadlineEndsADrippingAnswer) {
  Peer* self = nullptr;
  Peer peer([&](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!self->done && s.send("x")) std::this_thread::sleep_for(5ms);
  });
  self = &peer;
  EXPECT_EQ(client(peer.url())->send(get(), 300ms, {}).status().code(), Code::kDeadlineExceeded);
}

TEST(CpprestClient, NoAnswerAtAllIsADeadlineToo) {
  Peer* self = nullptr;
  Peer peer([&](const Socket&, const std::string&) {
    while (!self->done) std::this_thread::sleep_for(5ms);
  });
  self = &peer;
  const auto c = client(peer.url());
  EXPECT_EQ(c->send(get(), 200ms, {}).status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(c->stream(get(), [](std::string_view) { return Status(); }, {200ms, 10s, 0ms}, {})
                .status()
                .code(),
            Code::kDeadlineExceeded);
}

TEST(CpprestClient, ErrorsOfTheConnectionAreUnavailable) {
  int port = 0;
  { port = Listener().port(); }
  EXPECT_EQ(
      client("http://127.0.0.1:" + std::to_string(port))->send(get(), 10s, {}).status().code(),
      Code::kUnavailable);
  EXPECT_EQ(client("http://no-such-host.invalid")->send(get(), 20s, {}).status().code(),
            Code::kUnavailable);
  Peer garbage(
      [](const Socket& s, const std::string&) { s.send("\x16\x03\x01 not http\r\n\r\n"); });
  EXPECT_EQ(client(garbage.url())->send(get(), 10s, {}).status().code(), Code::kUnavailable);
}

TEST(CpprestClient, AnAnswerOverTheBoundIsTooLarge) {
  Peer peer([](const Socket& s, const std::string&) { s.send(ok(std::string(300'000, 'x'))); });
  ClientOptions options;
  options.max_body = 100'000;
  EXPECT_EQ(client(peer.url(), options)->send(get(), 10s, {}).status().code(), Code::kTooLarge);
}

TEST(CpprestClient, StreamsChunksAsTheyArriveAndEndsCleanly) {
  std::atomic<int> seen{0};
  Peer peer([&](const Socket& s, const std::string&) {
    s.send(kChunked);
    for (int i = 1; i <= 3; ++i) {
      s.send(chunk("{\"n\":" + std::to_string(i) + "}\n"));
      while (seen < i)
        std::this_thread::sleep_for(1ms);  // the next one only after this one was delivered
    }
    s.send("0\r\n\r\n");
  });
  std::string got;
  const auto end = client(peer.url())
                       ->stream(get("/watch"),
                                [&](std::string_view bytes) {
                                  got += bytes;
                                  ++seen;
                                  return Status();
                                },
                                {10s, 10s, 0ms}, {});
  ASSERT_TRUE(end.ok()) << end.status().toString();
  EXPECT_EQ(end->status, 200);
  EXPECT_EQ(got, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

TEST(CpprestClient, ALineOfThreeMebibytesArrivesWhole) {
  Peer peer([](const Socket& s, const std::string&) {
    s.send(kChunked + chunk(std::string(3u << 20, 'x')) + "0\r\n\r\n");
  });
  std::size_t size = 0;
  ASSERT_TRUE(client(peer.url())
                  ->stream(get(),
                           [&](std::string_view b) {
                             size += b.size();
                             return Status();
                           },
                           {10s, 10s, 0ms}, {})
                  .ok());
  EXPECT_EQ(size, 3u << 20);
}

TEST(CpprestClient, AStreamWithAContentLengthReachesTheSinkToo) {
  Peer peer([](const Socket& s, const std::string&) { s.send(ok("{\"type\":\"ERROR\"}\n")); });
  std::string got;
  ASSERT_TRUE(client(peer.url())
                  ->stream(get(),
                           [&](std::string_view b) {
                             got += b;
                             return Status();
                           },
                           {10s, 10s, 0ms}, {})
                  .ok());
  EXPECT_EQ(got, "{\"type\":\"ERROR\"}\n");
}

TEST(CpprestClient, ARefusedStreamIsReturnedWithItsBodyAndBypassesTheSink) {
  Peer peer([](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 410 Gone\r\nContent-Length: 7\r\n\r\ntoo old");
  });
  const auto answer = client(peer.url())
                          ->stream(get(),
                                   [](std::string_view) -> Status {
                                     ADD_FAILURE() << "sink called";
                                     return {};
                                   },
                                   {10s, 10s, 0ms}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 410);
  EXPECT_EQ(answer->body, "too old");
}

TEST(CpprestClient, AnAbruptEndIsUnavailableAndASilentOneHitsTheIdleDeadline) {
  Peer abrupt([](const Socket& s, const std::string&) { s.send(kChunked + chunk("half")); });
  std::string got;
  const auto sink = [&](std::string_view b) {
    got += b;
    return Status();
  };
  EXPECT_EQ(client(abrupt.url())->stream(get(), sink, {10s, 10s, 0ms}, {}).status().code(),
            Code::kUnavailable);
  EXPECT_EQ(got, "half");

  Peer* self = nullptr;
  Peer silent([&](const Socket& s, const std::string&) {
    s.send(kChunked + chunk("one"));
    while (!self->done) std::this_thread::sleep_for(5ms);
  });
  self = &silent;
  EXPECT_EQ(client(silent.url())->stream(get(), sink, {10s, 200ms, 0ms}, {}).status().code(),
            Code::kDeadlineExceeded);
}

TEST(CpprestClient, TheSinksErrorEndsTheStreamAndIsReturned) {
  Peer* self = nullptr;
  Peer peer([&](const Socket& s, const std::string&) {
    s.send(kChunked);
    while (!self->done && s.send(chunk("again"))) std::this_thread::sleep_for(1ms);
  });
  self = &peer;
  const auto end =
      client(peer.url())
          ->stream(get(), [](std::string_view) { return Status(Code::kGone, "too old"); },
                   {10s, 10s, 0ms}, {});
  EXPECT_EQ(end.status().code(), Code::kGone);
}

TEST(CpprestClient, ASlowSinkAppliesBackPressure) {
  std::atomic<std::size_t> sent{0};
  std::atomic<bool> go{false};
  constexpr std::size_t kTotal = 64u << 20;
  Peer peer([&](const Socket& s, const std::string&) {
    s.send(kChunked);
    const std::string piece = chunk(std::string(64 * 1024, 'x'));
    for (std::size_t i = 0; i < kTotal / (64 * 1024) && s.send(piece); ++i) sent += 64 * 1024;
    s.send("0\r\n\r\n");
  });
  std::size_t got = 0;
  std::size_t sent_while_held = 0;
  const auto end = client(peer.url())
                       ->stream(get(),
                                [&](std::string_view b) {
                                  if (got == 0) {
                                    // Nothing is taken: what the peer gets rid of is bounded by
                                    // socket buffers and the hand-over.
                                    std::size_t before = 1;
                                    while (before != sent) {
                                      before = sent;
                                      std::this_thread::sleep_for(200ms);
                                    }
                                    sent_while_held = sent;
                                  }
                                  got += b.size();
                                  return Status();
                                },
                                {10s, 20s, 0ms}, {});
  ASSERT_TRUE(end.ok()) << end.status().toString();
  EXPECT_EQ(got, kTotal);
  EXPECT_LT(sent_while_held, kTotal / 2);
}

TEST(CpprestClient, AStaleKeepAliveConnectionIsNotAnErrorOfTheNextCall) {
  Peer peer(
      [](const Socket& s, const std::string&) { s.send(ok("x")); });  // closes after each answer
  const auto c = client(peer.url());
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(c->send(get(), 10s, {}).ok());
    const auto posted =
        c->send({Method::kPost, "/", "{}", "application/json", "application/json"}, 10s, {});
    EXPECT_TRUE(posted.ok() || posted.status().code() == Code::kUnavailable);
  }
}

TEST(CpprestClient, StoppingEndsACallInEveryPhase) {
  std::atomic<int> phase{0};
  Peer* self = nullptr;
  Peer peer([&](const Socket& s, const std::string&) {
    if (phase == 1) s.send("HTTP/1.1 200 OK\r\n");
    if (phase == 2) s.send(kChunked);
    if (phase == 3) s.send(kChunked + chunk("x"));
    while (!self->done && !s.closed()) {
    }
  });
  self = &peer;
  for (int round = 0; round < 40; ++round) {
    phase = round % 4;
    const auto c = client(peer.url());
    std::stop_source stop;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(500 * (round % 7)));
      stop.request_stop();
    });
    const auto end = c->stream(
        get(), [](std::string_view) { return Status(); }, {30s, 30s, 0ms}, stop.get_token());
    EXPECT_EQ(end.status().code(), Code::kCancelled) << round;
    stopper.join();
  }
}

TEST(CpprestClient, ARotatedTokenIsUsedByTheNextRequestAndNeverShownInAnError) {
  const auto file = std::filesystem::temp_directory_path() / ("token-" + std::to_string(getpid()));
  Peer peer([](const Socket& s, const std::string&) { s.send(ok("x")); });
  ClientOptions options;
  options.token_file = file.string();
  const auto c = client(peer.url(), options);
  for (const char* token : {"first", "second"}) {
    std::ofstream(file) << token << "\n";
    ASSERT_TRUE(c->send(get(), 10s, {}).ok());
    EXPECT_THAT(peer.requests().back(),
                HasSubstr(std::string("Authorization:Bearer ") + token + "\r\n"));
  }
  int port = 0;
  { port = Listener().port(); }
  const auto failed =
      client("http://127.0.0.1:" + std::to_string(port), options)->send(get(), 10s, {});
  EXPECT_THAT(failed.status().toString(), Not(HasSubstr("second")));
  std::filesystem::remove(file);
}

TEST(CpprestClient, ManyThreadsShareOneClient) {
  net::ServerOptions server;
  server.address = "127.0.0.1";
  auto made = beast::makeServer(
      server, {{"POST", "/echo", [](const ServerRequest& r) {
                  return ServerResponse{200, "text/plain", std::string(r.body), {}};
                }}});
  ASSERT_TRUE(made.ok());
  const auto c = client("http://127.0.0.1:" + std::to_string((*made)->port()));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(t) + "/" + std::to_string(i);
        const auto answer = c->send({Method::kPost, "/echo", body, "text/plain", "*/*"}, 20s, {});
        good += answer.ok() && answer->body == body ? 1 : 0;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 400);
}

class OneSource final : public TlsSource {
 public:
  explicit OneSource(std::shared_ptr<const TlsMaterial> m) : material_(std::move(m)) {}
  std::shared_ptr<const TlsMaterial> current() const override { return material_; }

 private:
  std::shared_ptr<const TlsMaterial> material_;
};

TEST(CpprestClient, TrustsOnlyTheGivenAuthorityAndTheExpectedName) {
  const auto now = std::chrono::system_clock::now();
  const auto ca = *tls::makeCa("right", now, hours(1));
  const auto wrong_ca = *tls::makeCa("wrong", now, hours(1));
  const auto leaf = *tls::issueLeaf(ca, {"localhost", "kubernetes.default.svc"}, now, hours(1));
  OneSource source(*tls::parseMaterial(leaf.certificate, leaf.key, now));
  net::ServerOptions server;
  server.address = "127.0.0.1";
  server.tls = &source;
  auto made = beast::makeServer(server, {{"GET", "/", [](const ServerRequest&) {
                                            return ServerResponse{200, "text/plain", "ok", {}};
                                          }}});
  ASSERT_TRUE(made.ok());
  const std::string port = std::to_string((*made)->port());

  ClientOptions options;
  options.ca_pem = ca.certificate;
  EXPECT_TRUE(client("https://localhost:" + port, options)->send(get(), 10s, {}).ok());
  EXPECT_EQ(client("https://127.0.0.1:" + port, options)->send(get(), 10s, {}).status().code(),
            Code::kTls);
  options.tls_server_name = "kubernetes.default.svc";
  EXPECT_TRUE(client("https://127.0.0.1:" + port, options)->send(get(), 10s, {}).ok());
  options.tls_server_name = "other.svc";
  EXPECT_EQ(client("https://127.0.0.1:" + port, options)->send(get(), 10s, {}).status().code(),
            Code::kTls);
  options.tls_server_name.clear();
  options.ca_pem = wrong_ca.certificate;
  EXPECT_EQ(client("https://localhost:" + port, options)->send(get(), 10s, {}).status().code(),
            Code::kTls);
}

TEST(CpprestClient, UnusableOptionsAreErrorsThatNameTheReason) {
  ClientOptions options;
  options.base_url = "ftp://x";
  EXPECT_THAT(makeClient(options).status().message(), HasSubstr("must begin with https://"));
  options.base_url = "https://x";
  EXPECT_THAT(makeClient(options).status().message(), HasSubstr("holds no PEM certificate"));
}

}  // namespace
}  // namespace profiling::net::cpprest
