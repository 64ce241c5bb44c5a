// The interface to the HTTP client library that speaks to the Kubernetes API server.
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

// A client's server and credentials. Credential files are read for each request, because they
// rotate.
struct ServerAccess {
  std::string base_url;         // https://HOST:PORT, a DNS name or an IPv4 literal
  std::string ca_pem;           // the only trusted authorities; may be empty for http://
  std::string client_cert_pem;  // optional pair
  std::string client_key_pem;
  std::string token;            // optional bearer token …
  std::string token_file;       // … or a file with one, which wins if both are set
  std::string tls_server_name;  // if the certificate has another name than the URL
};

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
  std::string date;         // the same
};

// The Code of an HTTP status of 300 or more, as far as all servers agree on it.
Code codeOf(int status);

// Receives the bytes of a streamed body, on the thread that called stream(). A status other than
// OK ends the stream, and stream() returns it.
using ByteSink = std::function<Status(std::string_view bytes)>;

struct StreamLimits {
  std::chrono::milliseconds head{30'000};   // until the response's head arrives
  std::chrono::milliseconds idle{300'000};  // between two pieces of the body
  std::chrono::milliseconds total{0};       // for the whole stream; 0: unlimited
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Returns a Response for any HTTP status, and a Status if no answer came (kUnavailable,
  // kDeadlineExceeded, kCancelled, kTls, kTooLarge). `deadline` is total: connect to last byte.
  // After kDeadlineExceeded or kUnavailable a write may have happened: read back.
  virtual Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                                const std::stop_token& stop) = 0;

  // Streams a 2xx body into `sink` and returns its head (body empty) after a clean end. Returns any
  // other status as send() does, with its body. An abrupt end is kUnavailable.
  virtual Result<Response> stream(const Request& request, const ByteSink& sink,
                                  const StreamLimits& limits, const std::stop_token& stop) = 0;
};

}  // namespace profiling::net
