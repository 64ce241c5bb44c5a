// net::QueryClient on libcurl, for storage servers that the operator runs itself. Each call opens a
// connection: there are only a few calls a minute.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "operator/base/status.h"
#include "operator/net/query_client.h"

namespace profiling::net::curl {

struct ClientOptions {
  std::size_t max_body = 1u << 20;           // bytes; parsing an answer may take ten times as much
  std::chrono::milliseconds connect{5'000};  // at most the deadline
};

// Never fails. The library is loaded by the first request, which returns kInternal where it is missing.
Result<std::unique_ptr<QueryClient>> makeClient(ClientOptions options = {});

}  // namespace profiling::net::curl
