// Routing and the bytes of a reply. Internal; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/net/beast/shared.h"

namespace profiling::net::beast {

struct Reply {
  bool keep_alive = true;
  std::string bytes;  // head and body, for one write
};

// Finds the route and runs its handler: 404 for an unknown path, 405 with Allow for another method,
// 500 when the handler throws.
ServerResponse dispatch(const Shared& shared, const ServerRequest& request);

// The route of a request, or the 404 or 405 that answers it.
struct Routed {
  const Route* route = nullptr;
  ServerResponse refusal;
};
Routed routeOf(const Shared& shared, std::string_view method, std::string_view path);

// The most bytes that a request's body may have, or the answer that its head alone gets.
struct BodyBound {
  std::size_t most = 0;
  std::optional<ServerResponse> refusal;
  std::string_view reason;  // for ServerObserver::rejected; may be empty
};
BodyBound boundOf(const Shared& shared, std::string_view method, std::string_view path,
                  std::uint64_t length);

ServerResponse errorResponse(int status);  // plain text, without any part of the request
void encodeReply(const ServerResponse& response, Reply& reply);

}  // namespace profiling::net::beast
