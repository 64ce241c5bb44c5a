// The server's SSL context: built once for each certificate, shared by all its connections.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/ssl/context.hpp>

#include "operator/base/mutex.h"
#include "operator/net/tls_source.h"

namespace profiling::net::beast {

// Thread-safe.
class TlsContexts {
 public:
  // With `client_ca`, clients must present a certificate of one of its CAs.
  TlsContexts(const TlsSource& source, const ClientCaSource* client_ca)
      : source_(source), client_ca_(client_ca) {}

  // The context of the current files; null while one of them is missing.
  std::shared_ptr<boost::asio::ssl::context> current();

 private:
  const TlsSource& source_;
  const ClientCaSource* const client_ca_;
  Mutex mutex_;
  std::shared_ptr<const TlsMaterial> material_ PROFILING_GUARDED_BY(mutex_);
  std::shared_ptr<const ClientCa> clients_ PROFILING_GUARDED_BY(mutex_);
  std::shared_ptr<boost::asio::ssl::context> context_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::net::beast
