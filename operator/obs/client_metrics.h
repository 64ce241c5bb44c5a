// Counts and times the requests of an API server client under client-go's metric names, so that
// existing dashboards fit: rest_client_requests_total{code,method,host} and
// rest_client_request_duration_seconds{verb,host}. Without an answer the code is "<error>".
#pragma once

#include <string>

#include "operator/net/http_client.h"
#include "operator/obs/metrics.h"

namespace profiling::obs {

class MeasuredClient final : public net::HttpClient {
 public:
  // Both references must outlive this. `host` is the label's value.
  MeasuredClient(net::HttpClient& next, Metrics& metrics, std::string host);

  Result<net::Response> send(const net::Request& request, std::chrono::milliseconds deadline,
                             const std::stop_token& stop) override;
  // Counted at its end, not timed: the length of a watch says nothing about the server.
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override;

 private:
  void count(const net::Request& request, const Result<net::Response>& answer);

  net::HttpClient& next_;
  Metrics& metrics_;
  const std::string host_;
};

}  // namespace profiling::obs
