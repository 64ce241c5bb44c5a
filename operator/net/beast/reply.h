// Routing and the bytes of a reply. Internal; no I/O.
#pragma once

#include <string>

#include "operator/net/beast/shared.h"

namespace profiling::net::beast {

struct Reply {
  bool keep_alive = true;
  std::string bytes;  // head and body, for one write
};

// Finds the route and runs its handler: 404 for an unknown path, 405 with Allow for another method,
// 500 when the handler throws.
ServerResponse dispatch(const Shared& shared, const ServerRequest& request);

ServerResponse errorResponse(int status);  // plain text, without any part of the request
void encodeReply(const ServerResponse& response, Reply& reply);

}  // namespace profiling::net::beast
