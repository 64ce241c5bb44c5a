#include "webhooks/agents/scrape/net/tls.h"

#include <array>
#include <cstdlib>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace profiling::scrape {

std::string tlsError() {
  const unsigned long first = ::ERR_get_error();
  ::ERR_clear_error();
  if (first == 0) return "the connection broke";
  std::array<char, 256> text{};
  ::ERR_error_string_n(first, text.data(), text.size());
  return text.data();
}

TlsContext::~TlsContext() {
  ::SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const std::string& ca_file) {
  // Ignores openssl.cnf: the node's file was not written for this program.
  ::OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
  auto context = std::make_shared<const TlsContext>(::SSL_CTX_new(::TLS_client_method()));
  SSL_CTX* raw = context->get();
  if (raw == nullptr) return Status(Code::kInternal, tlsError());
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  // Frees the buffers of idle connections, which they nearly always are.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  std::string file = ca_file;
  const char* env = std::getenv("SSL_CERT_FILE");
  if (file.empty() && env != nullptr) file = env;
  if (file.empty()) file = "/etc/ssl/certs/ca-certificates.crt";
  if (::SSL_CTX_load_verify_file(raw, file.c_str()) != 1) {
    return Status(
        Code::kInvalidArgument,
        "no root certificates can be read from " + file +
            ", which an https server needs; name a file with SSL_CERT_FILE: " + tlsError());
  }
  return context;
}

}  // namespace profiling::scrape
