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
  explicit TlsContexts(const TlsSource& source) : source_(source) {}

  // The context of the current certificate; null while there is none.
  std::shared_ptr<boost::asio::ssl::context> current();

 private:
  const TlsSource& source_;
  Mutex mutex_;
  std::shared_ptr<const TlsMaterial> material_ PROFILING_GUARDED_BY(mutex_);
  std::shared_ptr<boost::asio::ssl::context> context_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::net::beast
