// The interface between our handlers and the HTTP server library.
//
// Handlers are pure CPU on in-memory snapshots and run to completion on the server's I/O threads;
// they must be thread-safe and must not throw (an exception becomes a counted 500).
// Limits and their origin: cert-manager's security audit (3 MiB body, 413 before reading) and the
// deadlines that Go's net/http advises; all are enforced before a handler sees a byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"
#include "operator/net/tls_source.h"

namespace profiling::net {

// Views into the connection's buffers: valid only during the handler's call. The body is followed
// by at least kBodyPadding readable bytes, so that a SIMD JSON parser can read it in place.
struct ServerRequest {
  static constexpr std::size_t kBodyPadding = 64;
  std::string_view method;
  std::string_view path;   // without the query
  std::string_view query;  // without '?'
  std::string_view content_type;
  std::string_view body;
  std::size_t body_capacity = 0;  // size of the buffer behind body, padding included
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // value of the Allow header, for 405
};

using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct Route {
  std::string method;  // exact: "POST"; "GET" does not answer HEAD
  std::string path;    // exact
  Handler handler;
  std::size_t max_body = 0;  // 413, before reading where the length says so; 0: the server's limit
};

struct ServerLimits {
  std::size_t body = 3 * 1024 * 1024;    // 413
  std::size_t header_block = 16 * 1024;  // 431
  std::size_t header_fields = 100;       // 431
  std::size_t request_line = 8 * 1024;   // 414
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds header{5'000};
  std::chrono::milliseconds body_read{10'000};
  std::chrono::milliseconds write{10'000};
  std::chrono::milliseconds idle{60'000};
  // At a cap, a connection that waits gives way to a new one; without any, the new one is shed. A
  // peer is an address: all API servers behind one NAT are one peer.
  std::size_t connections = 1'024;
  std::size_t connections_per_peer = 768;
  // New connections of one peer; 0: any number. A burst is what an API server opens at once.
  std::size_t handshake_burst = 2'048;
  std::size_t handshakes_per_second = 256;
  // Bytes of all bodies being read or handled, of which a peer may have half; 503.
  std::size_t bodies_in_memory = 32 * 1024 * 1024;
};

struct ServerOptions {
  std::string name;            // for logs and metrics: "webhook", "health"
  std::string address = "::";  // dual-stack by default; a literal address
  std::uint16_t port = 0;      // 0: any free port, see HttpServer::port()
  TlsSource* tls = nullptr;    // null: plain HTTP. Must outlive the server
  // Requires a client certificate of one of these CAs; null: none is asked for. Must outlive the
  // server. While it has none, connections are shed.
  const ClientCaSource* client_ca = nullptr;
  int threads = 2;
  ServerLimits limits;
};

// Callbacks for metrics. Called on I/O threads; must be cheap and thread-safe.
struct ServerObserver {
  std::function<void(std::string_view path, int status, std::chrono::nanoseconds service_time)>
      request;
  // `reason` is one of those that makeServer() lists: "tls_handshake", "body_too_large", …
  std::function<void(std::string_view reason)> rejected;
  std::function<void(int delta)> connections;
};

// Thread-safe. Destruction stops the server.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  // How long the slowest I/O thread has owed the answer to a no-op. Each call sends one to the
  // threads that owe none, so a thread that hangs is seen from the second call on.
  virtual std::chrono::milliseconds stalledFor() = 0;
  // From now on each connection is closed after its next reply, in the words of HTTP, so that a client
  // takes a new one elsewhere. A connection that drain() closes may meet a request on its way, which
  // clients do not repeat.
  virtual void closeAfterReplies() = 0;
  // Stops accepting, closes idle connections and lets requests in flight finish (until their reply
  // is written). True if all finished before the deadline.
  virtual bool drain(std::chrono::milliseconds deadline) = 0;
};

}  // namespace profiling::net
