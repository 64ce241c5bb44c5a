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

Routed routeOf(const Shared& shared, std::string_view method, std::string_view path) {
  std::string allow;
  for (const Route& route : shared.routes) {
    if (route.path != path) continue;
    if (route.method == method) return {&route, {}};
    allow += (allow.empty() ? "" : ", ") + route.method;
  }
  Routed none{nullptr, errorResponse(allow.empty() ? 404 : 405)};
  none.refusal.allow = std::move(allow);
  return none;
}

BodyBound boundOf(const Shared& shared, std::string_view method, std::string_view path,
                  std::uint64_t length) {
  Routed found = routeOf(shared, method, path);
  if (found.route == nullptr) return {0, std::move(found.refusal), {}};
  const std::size_t own = found.route->max_body;
  const std::size_t most = own == 0 ? shared.options.limits.body : own;
  if (length > most) return {most, errorResponse(413), "body_too_large"};
  return {most, std::nullopt, {}};
}

ServerResponse dispatch(const Shared& shared, const ServerRequest& request) {
  Routed found = routeOf(shared, request.method, request.path);
  if (found.route == nullptr) return std::move(found.refusal);
  try {
    return found.route->handler(request);
  } catch (const std::exception& e) {
    log::error("Handler threw",
               {{"server", shared.options.name}, {"path", request.path}, {"error", e.what()}});
  } catch (...) {
    log::error("Handler threw", {{"server", shared.options.name}, {"path", request.path}});
  }
  shared.rejected("handler_exception");
  return errorResponse(500);
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
