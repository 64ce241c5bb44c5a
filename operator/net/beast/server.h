// HTTP/1.1 server on Boost.Beast and OpenSSL: the only listener of the product.
//
// The server enforces every limit of net::ServerLimits before a handler runs, and refuses requests
// that a proxy and a server could read differently (400 and close). It never sends a redirect,
// because kube-apiserver would follow it (CVE-2020-8561).
#pragma once

#include <memory>
#include <vector>

#include "operator/base/status.h"
#include "operator/net/http_server.h"

namespace profiling::net::beast {

// Binds and serves at once. Errors: kInvalidArgument (address), kUnavailable (bind).
// The observer's `rejected` receives one of: tls_handshake, handshake_timeout,
// header_timeout, body_timeout, write_timeout, body_too_large, header_too_large,
// request_line_too_long, malformed, connection_cap, peer_cap, handshake_rate, gave_way (an open
// connection, to a new one), accept_paused, handler_exception, busy, no_certificate.
Result<std::unique_ptr<HttpServer>> makeServer(ServerOptions options, std::vector<Route> routes,
                                               ServerObserver observer = {});

}  // namespace profiling::net::beast
