// The interface to the HTTP client that queries our storage servers. Not the client for the
// Kubernetes API server, because a hostile peer can crash that library.
//
// Blocking calls for our own threads, errors as values. Implementations are thread-safe, follow no
// redirect, use no proxy and send only the headers they are given.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::net {

class QueryClient {
 public:
  virtual ~QueryClient() = default;

  // The body of a 2xx answer. Any other answer is an error by its status: 400 405 415 422 and other
  // 4xx kInvalidArgument, 401 kUnauthenticated, 403 kPermissionDenied, 404 kNotFound, 429
  // kRateLimited, 3xx kInternal, 5xx kUnavailable; without an answer kUnavailable, kTls,
  // kDeadlineExceeded, kCancelled; kTooLarge for a body beyond the limit. `deadline` is total.
  virtual Result<std::string> get(const std::string& url, const std::vector<Header>& headers,
                                  std::chrono::milliseconds deadline,
                                  const std::stop_token& stop) = 0;
  virtual Result<std::string> post(const std::string& url, const std::string& json,
                                   const std::vector<Header>& headers,
                                   std::chrono::milliseconds deadline,
                                   const std::stop_token& stop) = 0;
};

}  // namespace profiling::net
