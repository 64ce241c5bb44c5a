// The seam between us and whatever HTTP client library speaks to the Kubernetes API server.
//
// Plain structs, blocking calls for our own threads, errors as values; no library type and no
// exception crosses it. Implementations are thread-safe. A client is bound to one server and one
// set of credentials; it follows no redirect, and sends its bearer token to no other host.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/status.h"

namespace profiling::net {

enum class Method { kGet, kPost, kPut, kPatch, kDelete };
std::string_view methodName(Method method);

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  Method method = Method::kGet;
  std::string target;  // absolute path with query, already percent-encoded
  std::string body;
  std::string content_type;  // required when there is a body
  std::string accept = "application/json";
};

struct Response {
  int status = 0;
  std::string content_type;
  std::string body;
  std::string retry_after;  // the header's text, empty when absent
};

// Receives the bytes of a streamed body, on the thread that called stream(). A status other than
// OK ends the stream, and stream() returns it.
using ByteSink = std::function<Status(std::string_view bytes)>;

struct StreamLimits {
  std::chrono::milliseconds head{30'000};   // until the response's head is there
  std::chrono::milliseconds idle{300'000};  // between two pieces of the body
  std::chrono::milliseconds total{0};       // of the whole stream; 0: none
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any HTTP status is a Response; a Status is returned when there was none (kUnavailable,
  // kDeadlineExceeded, kCancelled, kTls, kTooLarge). `deadline` is total: connect to last byte.
  // After kDeadlineExceeded or kUnavailable a write may have happened: read back.
  virtual Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                                const std::stop_token& stop) = 0;

  // Streams a 2xx body into `sink` and returns its head (body empty) after a clean end. Another
  // status is returned like send() does, with its body. An abrupt end is kUnavailable.
  virtual Result<Response> stream(const Request& request, const ByteSink& sink,
                                  const StreamLimits& limits, const std::stop_token& stop) = 0;
};

}  // namespace profiling::net
