// net::HttpClient on cpprestsdk, for the Kubernetes API server only.
//
// cpprestsdk is archived and a hostile server can crash its client, so it never dials an address
// from a custom resource. Its known flaws and our measures: redirects are off (it would send the
// Authorization header along); its timeout is for inactivity only, so deadlines are ours; each
// request has its own cancellation source; its thread pool has one thread, on which nothing blocks;
// an unobserved exception of a task would end the process, so every chain ends in a catch-all.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "operator/base/status.h"
#include "operator/net/http_client.h"

namespace profiling::net::cpprest {

struct ClientOptions : ServerAccess {
  std::size_t max_body = 64u << 20;      // of send(); more is kTooLarge
  std::chrono::seconds inactivity{330};  // the library's own timer, above every watch's lifetime
};

// The first call starts the library's pool; call it before other threads use cpprestsdk.
Result<std::unique_ptr<HttpClient>> makeClient(ClientOptions options);

}  // namespace profiling::net::cpprest
