// A net::QueryClient whose answers are a lambda of the test; it records what was asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operator/net/query_client.h"

namespace profiling::test {

struct FakeQueries final : net::QueryClient {
  struct Call {
    std::string url, body;  // of a get: no body
    std::vector<net::Header> headers;
    std::chrono::milliseconds deadline{};
  };
  std::function<Result<std::string>(const Call&)> answer;
  std::vector<Call> calls;

  Result<std::string> get(const std::string& url, const std::vector<net::Header>& headers,
                          std::chrono::milliseconds deadline,
                          const std::stop_token& stop) override {
    return post(url, "", headers, deadline, stop);
  }
  Result<std::string> post(const std::string& url, const std::string& json,
                           const std::vector<net::Header>& headers,
                           std::chrono::milliseconds deadline, const std::stop_token&) override {
    calls.push_back({url, json, headers, deadline});
    return answer(calls.back());
  }
};

}  // namespace profiling::test
