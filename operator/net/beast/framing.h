// Checks of a request's head beyond those of Beast's parser. Pure.
#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/http/message.hpp>

#include "operator/net/http_server.h"

namespace profiling::net::beast {

using RequestHead = boost::beast::http::request_header<>;

struct Refusal {
  int status;
  std::string_view reason;  // for ServerObserver::rejected
};

// Refuses heads that two implementations could read differently: an unknown Transfer-Encoding, one
// beside a Content-Length, a missing or repeated Host, a target that is not plain ASCII starting
// with '/', an upgrade, a version other than HTTP/1.x; and heads that exceed the limits.
std::optional<Refusal> refuse(const RequestHead& head, const ServerLimits& limits);

// Whether the raw head holds an obs-fold (a header line that begins with a blank, RFC 9112 5.2), a
// bare CR or LF, or a NUL; Beast joins or accepts them.
bool hasIllegalLine(std::string_view raw_head);

}  // namespace profiling::net::beast
