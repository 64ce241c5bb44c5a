// The response to a request that is not an AdmissionReview.
#pragma once

#include <string>
#include <string_view>

#include "operator/net/http_server.h"

namespace profiling::webhooks {

inline net::ServerResponse refusal(int status, std::string_view why) {
  net::ServerResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::string(why) + "\n";
  return response;
}

}  // namespace profiling::webhooks
