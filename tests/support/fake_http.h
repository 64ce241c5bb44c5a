// A net::HttpClient whose answers are lambdas of the test; it records the requests.
//
//   FakeHttp http;
//   http.onSend([](const net::Request&) { return FakeHttp::json(200, R"({"kind":"Pod"})"); });
//
// Handlers run on the calling thread, without a lock held, so one may block until its stop token
// fires. Without a handler a call fails with kUnavailable.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "operator/net/http_client.h"

namespace profiling::test {

class FakeHttp final : public net::HttpClient {
 public:
  using SendHandler = std::function<Result<net::Response>(const net::Request&)>;
  using StreamHandler = std::function<Result<net::Response>(
      const net::Request&, const net::ByteSink&, const std::stop_token&)>;

  // Set before the client is used.
  void onSend(SendHandler handler) { send_ = std::move(handler); }
  void onStream(StreamHandler handler) { stream_ = std::move(handler); }

  Result<net::Response> send(const net::Request& request, std::chrono::milliseconds deadline,
                             const std::stop_token& stop) override {
    record(request, {.head = deadline, .idle = deadline, .total = deadline});
    if (stop.stop_requested()) return cancelled();
    if (!send_) return Status(Code::kUnavailable, "no send handler in this test");
    return send_(request);
  }

  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override {
    record(request, limits);
    if (stop.stop_requested()) return cancelled();
    if (!stream_) return Status(Code::kUnavailable, "no stream handler in this test");
    return stream_(request, sink, stop);
  }

  struct Call {
    net::Request request;
    net::StreamLimits limits;  // for a send(): its deadline in all three
  };
  // Any thread; in the order of arrival.
  std::vector<Call> calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }
  // Waits until `n` calls have arrived; false when the deadline passed first.
  bool waitForCalls(std::size_t n,
                    std::chrono::milliseconds deadline = std::chrono::seconds(20)) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, deadline, [&] { return calls_.size() >= n; });
  }

  static net::Response json(int status, std::string body) {
    net::Response r;
    r.status = status;
    r.content_type = "application/json";
    r.body = std::move(body);
    return r;
  }
  static Status cancelled() { return {Code::kCancelled, "cancelled by the caller"}; }
  // For handlers: parks the caller until it is stopped, as a silent stream would.
  static Status blockUntil(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any cv;
    std::unique_lock lock(mutex);
    cv.wait(lock, stop, [] { return false; });
    return cancelled();
  }

 private:
  void record(const net::Request& request, const net::StreamLimits& limits) {
    const std::scoped_lock lock(mutex_);
    calls_.push_back({request, limits});
    arrived_.notify_all();
  }

  SendHandler send_;
  StreamHandler stream_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<Call> calls_;
};

}  // namespace profiling::test
