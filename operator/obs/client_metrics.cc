#include "operator/obs/client_metrics.h"

#include <chrono>
#include <utility>
#include <vector>

namespace profiling::obs {
namespace {

const std::vector<double> kRequestSeconds{0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};

}  // namespace

MeasuredClient::MeasuredClient(net::HttpClient& next, Metrics& metrics, std::string host)
    : next_(next), metrics_(metrics), host_(std::move(host)) {
}

Result<net::Response> MeasuredClient::send(const net::Request& request,
                                           std::chrono::milliseconds deadline,
                                           const std::stop_token& stop) {
  const auto begin = std::chrono::steady_clock::now();
  Result<net::Response> answer = next_.send(request, deadline, stop);
  metrics_
      .histogram("rest_client_request_duration_seconds",
                 "Time of a request to the API server, from connect to last byte.", kRequestSeconds,
                 {{"verb", std::string(net::methodName(request.method))}, {"host", host_}})
      .Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  count(request, answer);
  return answer;
}

Result<net::Response> MeasuredClient::stream(const net::Request& request, const net::ByteSink& sink,
                                             const net::StreamLimits& limits,
                                             const std::stop_token& stop) {
  Result<net::Response> answer = next_.stream(request, sink, limits, stop);
  count(request, answer);
  return answer;
}

void MeasuredClient::count(const net::Request& request, const Result<net::Response>& answer) {
  metrics_
      .counter("rest_client_requests_total", "Requests to the API server.",
               {{"code", answer.ok() ? std::to_string(answer->status) : "<error>"},
                {"method", std::string(net::methodName(request.method))},
                {"host", host_}})
      .Increment();
}

}  // namespace profiling::obs
