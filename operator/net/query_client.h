// The seam between us and whatever HTTP client asks our storage servers what they know. It is not
// the one that speaks to the Kubernetes API server: that library may be ended by a hostile peer.
//
// Blocking calls for our own threads, errors as values. Implementations are thread-safe, follow no
// redirect, use no proxy and send nothing but the headers they are given.
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

  // The body of a 2xx answer. Another answer is an error by its status: 400 405 415 422 and other
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
