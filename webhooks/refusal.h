// Responses to requests that are not an AdmissionReview.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/text.h"
#include "operator/net/http_server.h"

namespace profiling::webhooks {

inline net::ServerResponse refusal(int status, std::string_view why) {
  net::ServerResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(why) + "\n";
  return response;
}

// Refuses by type and size what no parser should see.
inline std::optional<net::ServerResponse> refusedUnread(const net::ServerRequest& request,
                                                        std::size_t max_body) {
  const std::string_view type = request.content_type;
  if (trim(type.substr(0, type.find(';'))) != "application/json")
    return refusal(415, "Content-Type must be application/json");
  if (request.body.empty()) return refusal(400, "the body is empty: must be an AdmissionReview");
  if (request.body.size() > max_body)
    return refusal(413, "the body has more than " + std::to_string(max_body) + " bytes");
  return std::nullopt;
}

}  // namespace profiling::webhooks
