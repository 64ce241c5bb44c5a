// The TLS client context. OpenSSL is used only here and in connection.cc.
#pragma once

#include <memory>
#include <string>

#include "operator/base/status.h"

struct ssl_ctx_st;

namespace profiling::scrape {

// Thread-safe once constructed. Verifies chain and host name; TLS 1.2 and later.
class TlsContext {
 public:
  // The root certificates: `ca_file` if given, else SSL_CERT_FILE, else
  // /etc/ssl/certs/ca-certificates.crt. kInvalidArgument if there are none.
  static Result<std::shared_ptr<const TlsContext>> make(const std::string& ca_file);

  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ssl_ctx_st* get() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

// Returns OpenSSL's text for this thread's last failure and clears its error queue.
std::string tlsError();

}  // namespace profiling::scrape
