#include "operator/net/beast/tls.h"

#include <cstring>

#include <openssl/ssl.h>

#include "operator/base/log.h"

namespace profiling::net::beast {
namespace {

// The cheapest first: its hash, SHA-256, has instructions of its own on processors of today. The client
// must offer one of them (RFC 8446 9.1 makes the first mandatory).
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// The server speaks HTTP/1.1 only and says so by ALPN to clients that also offer HTTP/2.
int selectHttp11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                 unsigned int in_size, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The handshake fails without a certificate of these CAs, so nothing of such a peer is parsed.
bool requireClient(SSL_CTX* ctx, const ClientCa& clients) {
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (X509_STORE_add_cert(store, clients.certificate(i)) != 1) return false;
    if (SSL_CTX_add_client_CA(ctx, clients.certificate(i)) != 1) return false;
  }
  // A CA of the file is trusted even if another one issued it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

std::shared_ptr<boost::asio::ssl::context> build(const TlsMaterial& material,
                                                 const ClientCa* clients) {
  auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  SSL_CTX* ctx = context->native_handle();
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  // 34 KiB less for each idle connection; and no search in each handshake for a chain that the files
  // do not have.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // API servers resume no session (client-go sets no ClientSessionCache), and a ticket for each
  // connection costs as much as the admission that it carries.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_ciphersuites(ctx, kTls13Ciphers);
  SSL_CTX_set_alpn_select_cb(ctx, selectHttp11, nullptr);
  bool ok = SSL_CTX_use_certificate(ctx, material.leaf()) == 1 &&
            SSL_CTX_use_PrivateKey(ctx, material.key()) == 1;
  for (std::size_t i = 0; ok && i < material.chainSize(); ++i)
    ok = SSL_CTX_add1_chain_cert(ctx, material.chain(i)) == 1;
  if (ok && clients != nullptr) ok = requireClient(ctx, *clients);
  return ok ? context : nullptr;
}

}  // namespace

std::shared_ptr<boost::asio::ssl::context> TlsContexts::current() {
  const auto material = source_.current();
  const auto clients = client_ca_ == nullptr ? nullptr : client_ca_->current();
  if (!material || (client_ca_ != nullptr && !clients)) return nullptr;
  const MutexLock lock(mutex_);
  if (material != material_ || clients != clients_) {
    if (auto built = build(*material, clients.get())) {
      context_ = std::move(built);
    } else {
      log::error("TLS context not built", {{"keepsOldOne", context_ != nullptr}});
    }
    material_ = material;
    clients_ = clients;
  }
  return context_;
}

}  // namespace profiling::net::beast
