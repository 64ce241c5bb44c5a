#include "operator/net/http_client.h"

namespace profiling::net {

std::string_view methodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "GET";
}

Code codeOf(int status) {
  switch (status) {
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 429:
      return Code::kRateLimited;
    default:
      break;
  }
  if (status >= 400 && status < 500) return Code::kInvalidArgument;
  if (status >= 500 && status < 600) return Code::kUnavailable;
  return Code::kInternal;
}

}  // namespace profiling::net
