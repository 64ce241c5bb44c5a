#include "operator/net/beast/reply.h"

#include <boost/beast/http/status.hpp>

#include "operator/base/log.h"

namespace profiling::net::beast {
namespace {

std::string_view reasonPhrase(int status) {
  const auto phrase = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {phrase.data(), phrase.size()};
}

}  // namespace

ServerResponse errorResponse(int status) {
  ServerResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(reasonPhrase(status)) + "\n";
  return response;
}

ServerResponse dispatch(const Shared& shared, const ServerRequest& request) {
  std::string allow;
  for (const Route& route : shared.routes) {
    if (route.path != request.path) continue;
    if (route.method != request.method) {
      allow += (allow.empty() ? "" : ", ") + route.method;
      continue;
    }
    try {
      return route.handler(request);
    } catch (const std::exception& e) {
      log::error("Handler threw",
                 {{"server", shared.options.name}, {"path", route.path}, {"error", e.what()}});
    } catch (...) {
      log::error("Handler threw", {{"server", shared.options.name}, {"path", route.path}});
    }
    shared.rejected("handler_exception");
    return errorResponse(500);
  }
  ServerResponse response = errorResponse(allow.empty() ? 404 : 405);
  response.allow = std::move(allow);
  return response;
}

void encodeReply(const ServerResponse& response, Reply& reply) {
  std::string& out = reply.bytes;
  out.clear();
  out.reserve(response.body.size() + 256);
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reasonPhrase(response.status);
  out += "\r\nContent-Type: ";
  out += response.content_type;
  out += "\r\nContent-Length: ";
  out += std::to_string(response.body.size());
  if (!response.allow.empty()) {
    out += "\r\nAllow: ";
    out += response.allow;
  }
  if (!reply.keep_alive) out += "\r\nConnection: close";
  out += "\r\n\r\n";
  out += response.body;
}

}  // namespace profiling::net::beast
