// The server's promises over TLS: certificates swapped in mid-traffic, sessions, strangers.
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "operator/net/beast/server.h"
#include "operator/tls/client_ca_file.h"
#include "operator/tls/material.h"
#include "operator/tls/openssl.h"
#include "operator/tls/x509.h"
#include "tests/adapter/sockets.h"

namespace profiling::net::beast {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;

class SwitchedSource final : public TlsSource {
 public:
  std::shared_ptr<const TlsMaterial> current() const override {
    return std::atomic_load(&material_);
  }
  void set(std::shared_ptr<const TlsMaterial> m) { std::atomic_store(&material_, std::move(m)); }

 private:
  std::shared_ptr<const TlsMaterial> material_;
};

struct SslDelete {
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL_SESSION* p) const { SSL_SESSION_free(p); }
};

class BeastTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ca_ = *tls::makeCa("test", now_, hours(24));
    context_.reset(SSL_CTX_new(TLS_client_method()));
    X509_STORE* store = SSL_CTX_get_cert_store(context_.get());
    const tls::BioPtr bio = tls::readBio(ca_.certificate);
    const tls::X509Ptr ca(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    X509_STORE_add_cert(store, ca.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    options_.address = "127.0.0.1";
    options_.tls = &source_;
    source_.set(material());
  }
  std::shared_ptr<const TlsMaterial> material() const {
    const auto leaf = *tls::issueLeaf(ca_, {"localhost"}, now_, hours(1));
    return *tls::parseMaterial(leaf.certificate, leaf.key, now_);
  }
  // Lets the client present a certificate for client authentication by `ca`.
  void presentCertificateOf(const tls::PemPair& ca) const {
    const auto leaf = *tls::issueLeaf(ca, {"apiserver"}, now_, hours(1), tls::Usage::kClient);
    const auto made = *tls::parseMaterial(leaf.certificate, leaf.key, now_);
    ASSERT_EQ(SSL_CTX_use_certificate(context_.get(), made->leaf()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context_.get(), made->key()), 1);
  }
  void start() {
    ServerObserver observer;
    observer.rejected = [this](std::string_view reason) {
      const std::lock_guard lock(mutex_);
      reasons_.emplace_back(reason);
    };
    auto server = makeServer(options_,
                             {{"GET", "/ok",
                               [this](const ServerRequest&) {
                                 ++handled_;
                                 return ServerResponse{200, "text/plain", "ok", {}};
                               }}},
                             observer);
    ASSERT_TRUE(server.ok());
    server_ = *std::move(server);
  }
  // Sends one request on a new connection; returns the status line or the error.
  std::string get(SSL_SESSION* session = nullptr, bool* reused = nullptr,
                  std::unique_ptr<SSL_SESSION, SslDelete>* out = nullptr) {
    const test::Socket s = test::dial(server_->port());
    const std::unique_ptr<SSL, SslDelete> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), s.fd());
    SSL_set_tlsext_host_name(ssl.get(), "localhost");
    if (session != nullptr) SSL_set_session(ssl.get(), session);
    if (SSL_connect(ssl.get()) != 1) return "handshake failed";
    const std::string request = "GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
    std::string answer;
    char chunk[4096];
    for (int n = 0; (n = SSL_read(ssl.get(), chunk, sizeof chunk)) > 0;)
      answer.append(chunk, static_cast<std::size_t>(n));
    if (reused != nullptr) *reused = SSL_session_reused(ssl.get()) == 1;
    if (out != nullptr) out->reset(SSL_get1_session(ssl.get()));
    SSL_shutdown(ssl.get());  // else OpenSSL would not resume it
    return answer.substr(0, answer.find("\r\n"));
  }
  bool sawReason(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    return std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end();
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  const tls::TimePoint now_ = std::chrono::system_clock::now();
  tls::PemPair ca_;
  SwitchedSource source_;
  std::unique_ptr<SSL_CTX, SslDelete> context_;
  ServerOptions options_;
  std::mutex mutex_;
  std::vector<std::string> reasons_;
  std::atomic<int> handled_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(BeastTlsTest, ServesWithACertificateThatTheClientVerifies) {
  start();
  EXPECT_EQ(get(), "HTTP/1.1 200 OK");
}

TEST_F(BeastTlsTest, ACertificateSwappedInMidTrafficFailsNoRequest) {
  start();
  std::atomic<bool> stop{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      while (!stop) ++(get() == "HTTP/1.1 200 OK" ? good : bad);
    });
  }
  for (int swap = 0; swap < 20; ++swap) {
    const int before = good;
    source_.set(material());
    EXPECT_TRUE(eventually([&] { return good > before + 2 || bad > 0; }));
  }
  stop = true;
  for (auto& c : clients) c.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GT(good, 40);
}

TEST_F(BeastTlsTest, ASessionThatAClientOffersAgainIsNotResumed) {
  start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    std::unique_ptr<SSL_SESSION, SslDelete> session;
    get(nullptr, nullptr, &session);
    bool reused = true;
    EXPECT_EQ(get(session.get(), &reused), "HTTP/1.1 200 OK");
    EXPECT_FALSE(reused) << "a ticket for each connection is work that API servers do not use";
  }
}

class SwitchedCa final : public ClientCaSource {
 public:
  std::shared_ptr<const ClientCa> current() const override { return std::atomic_load(&ca_); }
  void set(const std::string& pem) { std::atomic_store(&ca_, *tls::parseClientCa(pem)); }

 private:
  std::shared_ptr<const ClientCa> ca_;
};

TEST_F(BeastTlsTest, WithAClientCaOnlyItsClientsAreHeard) {
  const auto clients = *tls::makeCa("clients", now_, hours(24));
  SwitchedCa source;
  source.set(clients.certificate);
  options_.client_ca = &source;
  start();
  EXPECT_NE(get(), "HTTP/1.1 200 OK") << "no certificate";
  presentCertificateOf(*tls::makeCa("clients", now_, hours(24)));
  EXPECT_NE(get(), "HTTP/1.1 200 OK") << "a CA of the same name";
  presentCertificateOf(ca_);
  EXPECT_NE(get(), "HTTP/1.1 200 OK") << "the CA of the server's certificate";
  EXPECT_TRUE(eventually([&] { return sawReason("tls_handshake"); }));
  EXPECT_EQ(handled_, 0);
  presentCertificateOf(clients);
  EXPECT_EQ(get(), "HTTP/1.1 200 OK");
  server_.reset();
}

TEST_F(BeastTlsTest, ARotatedClientCaHoldsForNewConnectionsAndResumedSessions) {
  const auto before = *tls::makeCa("before", now_, hours(24));
  const auto after = *tls::makeCa("after", now_, hours(24));
  SwitchedCa source;
  options_.client_ca = &source;
  start();
  presentCertificateOf(before);
  EXPECT_EQ(get(), "handshake failed") << "no CA yet: shed";
  EXPECT_TRUE(eventually([&] { return sawReason("no_certificate"); }));
  source.set(before.certificate);
  std::unique_ptr<SSL_SESSION, SslDelete> session;
  EXPECT_EQ(get(nullptr, nullptr, &session), "HTTP/1.1 200 OK");
  source.set(after.certificate);
  EXPECT_NE(get(session.get()), "HTTP/1.1 200 OK");
  presentCertificateOf(after);
  EXPECT_EQ(get(), "HTTP/1.1 200 OK");
  server_.reset();
}

TEST_F(BeastTlsTest, RenegotiationIsRefused) {
  start();
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);  // 1.3 has none
  const test::Socket s = test::dial(server_->port());
  const std::unique_ptr<SSL, SslDelete> ssl(SSL_new(context_.get()));
  SSL_set_fd(ssl.get(), s.fd());
  ASSERT_EQ(SSL_connect(ssl.get()), 1);
  ASSERT_EQ(SSL_renegotiate(ssl.get()), 1);
  EXPECT_NE(SSL_do_handshake(ssl.get()), 1) << "refused by the no_renegotiation alert";
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(get(), "HTTP/1.1 200 OK") << "others are served";
}

TEST_F(BeastTlsTest, TheNameThatAClientAsksForIsIgnored) {
  start();
  for (const std::string& name :
       {std::string(), std::string("elsewhere.example"), std::string(255, 'a')}) {
    const test::Socket s = test::dial(server_->port());
    const std::unique_ptr<SSL, SslDelete> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), s.fd());
    if (!name.empty()) SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    EXPECT_EQ(SSL_connect(ssl.get()), 1) << name;
  }
}

TEST_F(BeastTlsTest, OldProtocolsAreRefused) {
  start();
  SSL_CTX_set_security_level(context_.get(), 0);
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_1_VERSION);
  EXPECT_EQ(get(), "handshake failed");
  EXPECT_TRUE(eventually([&] { return sawReason("tls_handshake"); }));
}

TEST_F(BeastTlsTest, PlainHttpAndSilenceOnTheTlsPortAreClosed) {
  options_.limits.handshake = 50ms;
  start();
  const test::Socket plain = test::dial(server_->port());
  plain.send("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(plain.receive().find("200 OK"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return sawReason("tls_handshake"); }));
  const test::Socket silent = test::dial(server_->port());
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(eventually([&] { return sawReason("handshake_timeout"); }));
  EXPECT_EQ(get(), "HTTP/1.1 200 OK");
}

TEST_F(BeastTlsTest, WithoutACertificateConnectionsAreShedUntilThereIsOne) {
  source_.set(nullptr);
  start();
  EXPECT_EQ(get(), "handshake failed");
  EXPECT_TRUE(sawReason("no_certificate"));
  source_.set(material());
  EXPECT_EQ(get(), "HTTP/1.1 200 OK");
}

}  // namespace
}  // namespace profiling::net::beast
