#include "operator/base/status.h"

#include "operator/base/str_cat.h"

namespace profiling {

std::string_view codeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "OK";
    case Code::kInvalidArgument:
      return "InvalidArgument";
    case Code::kNotFound:
      return "NotFound";
    case Code::kAlreadyExists:
      return "AlreadyExists";
    case Code::kConflict:
      return "Conflict";
    case Code::kGone:
      return "Gone";
    case Code::kUnauthenticated:
      return "Unauthenticated";
    case Code::kPermissionDenied:
      return "PermissionDenied";
    case Code::kTooLarge:
      return "TooLarge";
    case Code::kRateLimited:
      return "RateLimited";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kDeadlineExceeded:
      return "DeadlineExceeded";
    case Code::kCancelled:
      return "Cancelled";
    case Code::kTls:
      return "Tls";
    case Code::kInternal:
      return "Internal";
  }
  return "Internal";
}

Status Status::annotated(std::string_view context) const {
  Status s = *this;
  s.message_ = strCat(context, ": ", message_);
  return s;
}

std::string Status::toString() const {
  if (ok()) return "OK";
  return strCat(codeName(code_), ": ", message_);
}

}  // namespace profiling
