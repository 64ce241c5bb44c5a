// The sidecar's HTTP client and resolver on loopback: what peers may do, and how each wait ends.
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/net/beast/server.h"
#include "operator/tls/material.h"
#include "operator/tls/x509.h"
#include "tests/adapter/peer.h"
#include "webhooks/agents/scrape/net/http.h"

namespace profiling::scrape {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::Socket;
using testing::HasSubstr;

SteadyTime in(Millis time) {
  return std::chrono::steady_clock::now() + time;
}

HttpClient client(const std::string& url, std::size_t max_body = 1 << 20,
                  std::vector<HttpHeader> headers = {}) {
  return {*parseUrl(url), nullptr, std::move(headers), max_body};
}

HttpRequest get(std::string target) {
  return {"GET", std::move(target), {}, {}};
}

TEST(ScrapeHttp, SendsWhatAServerNeedsAndReadsEveryForm) {
  const std::vector<std::pair<std::string, std::string>> forms{
      {"Content-Length: 5\r\n\r\n", "hello"},
      {"Transfer-Encoding: chunked\r\n\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"},
      {"Connection: close\r\n\r\n", "hello"}};
  for (const auto& [head, body] : forms) {
    Peer peer([&](const Socket& s, const std::string&) {
      // In pieces, so that no part of an answer needs to come whole.
      for (const char c : "HTTP/1.1 200 OK\r\nRetry-After: 7\r\n" + head + body) {
        if (c != '\0') s.send(std::string(1, c));
      }
    });
    Cancel never;
    auto c = client(peer.url() + "/base/", 100, {{"X-Scope-OrgID", "team"}});
    const auto r = c.send({"POST", "/push", "application/proto", "body"}, in(20s), never);
    ASSERT_TRUE(r.ok()) << r.status().toString();
    EXPECT_EQ(r->body, "hello");
    EXPECT_EQ(r->retry_after, "7");
    const std::string request = peer.requests().at(0);
    EXPECT_THAT(request, HasSubstr("POST /base/push HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(request, HasSubstr("X-Scope-OrgID: team\r\n"));
    EXPECT_THAT(request, HasSubstr("Content-Length: 4\r\n"));
  }
}

TEST(ScrapeHttp, KeepsTheConnectionAndReplacesOneThatWasClosed) {
  // Two answers on each connection, then good-bye.
  Peer peer([](const Socket& s, const std::string&) {
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    s.receive("\r\n\r\n");
    s.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
  });
  Cancel never;
  auto c = client(peer.url());
  for (const char* body : {"a", "b", "a", "b"}) {
    const auto r = c.send(get("/"), in(20s), never);
    ASSERT_TRUE(r.ok()) << r.status().toString();
    EXPECT_EQ(r->body, body);
  }
  EXPECT_EQ(peer.requests().size(), 2u);
}

TEST(ScrapeHttp, BadAnswersAreErrors) {
  const std::vector<std::pair<std::string, Code>> answers{
      {"", Code::kUnavailable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", Code::kUnavailable},
      {"SSH-2.0-OpenSSH\r\n\r\n", Code::kInvalidArgument},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", Code::kTooLarge},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x'), Code::kTooLarge},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), Code::kTooLarge},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), Code::kTooLarge}};
  for (const auto& [text, code] : answers) {
    Peer peer([&](const Socket& s, const std::string&) { s.send(text); });
    Cancel never;
    auto c = client(peer.url(), 1000);
    const auto r = c.send(get("/"), in(20s), never);
    EXPECT_EQ(r.status().code(), code) << text.substr(0, 60) << r.status().toString();
  }
}

TEST(ScrapeHttp, AnAbsentServerIsUnavailable) {
  int port = 0;
  {
    const test::Listener gone;
    port = gone.port();
  }
  Cancel never;
  auto c = client("http://127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(c.connect(in(20s), never).code(), Code::kUnavailable);
}

TEST(ScrapeHttp, EveryWaitEndsAtItsDeadlineOrOnCancel) {
  Peer peer([](const Socket& s, const std::string&) { s.receive(); });
  Cancel never, soon;
  auto c = client(peer.url());
  EXPECT_EQ(c.send(get("/"), in(50ms), never).status().code(), Code::kDeadlineExceeded);
  std::jthread other([&] { soon.fire(); });
  EXPECT_EQ(c.send(get("/"), in(60s), soon).status().code(), Code::kCancelled);
  EXPECT_FALSE(soon.sleepUntil(in(60s)));
}

// A TLS server whose certificate is for "localhost".
class ScrapeTlsTest : public testing::Test, public net::TlsSource {
 protected:
  void SetUp() override {
    const auto now = std::chrono::system_clock::now();
    ca_ = *tls::makeCa("test", now, 24h);
    const auto leaf = *tls::issueLeaf(ca_, {"localhost"}, now, 1h);
    material_ = *tls::parseMaterial(leaf.certificate, leaf.key, now);
    net::ServerOptions options;
    options.address = "127.0.0.1";
    options.tls = this;
    auto server = net::beast::makeServer(
        options,
        {{"POST", "/push",
          [](const net::ServerRequest& r) {
            return net::ServerResponse{200, "text/plain", std::string(r.body), {}};
          }}},
        {});
    ASSERT_TRUE(server.ok());
    server_ = *std::move(server);
  }
  std::shared_ptr<const net::TlsMaterial> current() const override { return material_; }

  Result<HttpResponse> post(const std::string& host, const std::string& roots) {
    const std::string file = testing::TempDir() + "roots-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(file) << roots;
    auto context = TlsContext::make(file);
    ::unlink(file.c_str());
    if (!context.ok()) return context.status();
    HttpClient c(*parseUrl("https://" + host + ":" + std::to_string(server_->port())), *context, {},
                 1 << 20);
    Cancel never;
    const std::string body(300'000, 'p');
    for (int i = 0; i < 2; ++i) {
      auto r = c.send({"POST", "/push", "application/proto", body}, in(20s), never);
      if (!r.ok()) return r;
      EXPECT_EQ(r->body, body);
    }
    return c.send({"POST", "/push", "application/proto", "end"}, in(20s), never);
  }

  tls::PemPair ca_;
  std::shared_ptr<const net::TlsMaterial> material_;
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(ScrapeTlsTest, AcceptsOnlyAnAuthenticatedServer) {
  const auto good = post("localhost", ca_.certificate);
  ASSERT_TRUE(good.ok()) << good.status().toString();
  EXPECT_EQ(good->body, "end");
  EXPECT_EQ(post("127.0.0.1", ca_.certificate).status().code(), Code::kTls) << "another name";
  const auto other = tls::makeCa("other", std::chrono::system_clock::now(), 24h);
  EXPECT_EQ(post("localhost", other->certificate).status().code(), Code::kTls);
  EXPECT_THAT(post("localhost", "").status().message(), HasSubstr("SSL_CERT_FILE"));
}

// A DNS server on loopback that knows one name.
class ResolverTest : public testing::Test {
 protected:
  void SetUp() override {
    socket_ = Socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    places_.port = ntohs(address.sin_port);
    places_.hosts = folder_ + "hosts";
    places_.resolv_conf = folder_ + "resolv.conf";
    write(places_.hosts, "10.9.9.9 fixed\n");
    write(places_.resolv_conf,
          "nameserver 127.0.0.1\nsearch a.test b.test\noptions ndots:3 timeout:1 attempts:2\n");
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  void TearDown() override {
    thread_ = {};
    ::unlink(places_.hosts.c_str());
    ::unlink(places_.resolv_conf.c_str());
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }

  // store.b.test has an IPv4 address, six.b.test an IPv6 one; the first question is lost on its
  // way.
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!socket_.readable(10ms)) continue;
      char buffer[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t n = ::recvfrom(socket_.fd(), buffer, sizeof buffer, 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 12 || ++asked_ <= lost_) continue;
      std::string m(buffer, static_cast<std::size_t>(n));
      const bool v6 = m[m.size() - 3] == 28;
      const bool store = m.find("\5store\1b\4test") != std::string::npos;
      const bool six = m.find("\3six\1b\4test") != std::string::npos;
      m[2] = '\x81';
      m[3] = static_cast<char>(store || six ? 0x80 : 0x83);
      if ((store && !v6) || (six && v6)) {
        m[7] = 1;
        const std::string data = v6 ? std::string(16, '\x01') : std::string("\x0a\x01\x02\x03");
        m += std::string("\xC0\x0C\0", 3) + static_cast<char>(v6 ? 28 : 1) +
             std::string("\0\1\0\0\0\5\0", 7) + static_cast<char>(data.size()) + data;
      }
      ::sendto(socket_.fd(), m.data(), m.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  Result<std::vector<Address>> resolve(const std::string& name, Millis patience = 20s) {
    Cancel never;
    return Resolver(places_).resolve(name, in(patience), never);
  }

  const std::string folder_ = testing::TempDir() + "resolver-" + std::to_string(::getpid()) + "-";
  Socket socket_;
  ResolverPlaces places_;
  std::atomic<int> asked_{0}, lost_{0};
  std::jthread thread_;
};

TEST_F(ResolverTest, LiteralsAndHostsNeedNoQuery) {
  EXPECT_EQ(resolve("192.0.2.1")->at(0).text(), "192.0.2.1");
  EXPECT_EQ(resolve("::1")->at(0).text(), "::1");
  EXPECT_EQ(resolve("fixed")->at(0).text(), "10.9.9.9");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ResolverTest, GoesThroughTheSearchList) {
  EXPECT_EQ(resolve("store")->at(0).text(), "10.1.2.3");
  EXPECT_EQ(resolve("six")->at(0).text(), "101:101:101:101:101:101:101:101");
  EXPECT_EQ(resolve("nowhere").status().code(), Code::kNotFound);
  EXPECT_EQ(resolve("bad..name").status().code(), Code::kInvalidArgument);
}

TEST_F(ResolverTest, RepeatsALostQuery) {
  lost_ = 1;
  EXPECT_EQ(resolve("store.b.test.")->at(0).text(), "10.1.2.3");
}

TEST_F(ResolverTest, ASilentServerCostsNoMoreThanTheDeadline) {
  lost_ = 1000;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(resolve("store", 100ms).status().code(), Code::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 15s);
  write(places_.resolv_conf, "nameserver 127.0.0.1\n");
  places_.port = 1;
  EXPECT_EQ(resolve("store").status().code(), Code::kUnavailable) << "nobody listens";
}

}  // namespace
}  // namespace profiling::scrape
