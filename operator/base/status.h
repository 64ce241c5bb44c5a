// Errors as values. The caller's next action depends on the code alone.
//
//   Result<Object> got = client.get(path, deadline, stop);
//   if (got.status().code() == Code::kNotFound) return create(path);
//   if (!got.ok()) return got.status().annotated("reading the Lease");
//   use(*got);
//
// No exception crosses a layer: an adapter that meets a throwing library turns what it caught into
// a Status. Values are immutable after construction and safe to copy between threads.
#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace profiling {

enum class Code {
  kOk,
  // The input is wrong and stays wrong: report it, do not retry (400, 422, parse errors).
  kInvalidArgument,
  kNotFound,          // 404: a state of the world, not a failure
  kAlreadyExists,     // 409 on create: read back, adopt only what is ours
  kConflict,          // 409 on update: read again, then retry
  kGone,              // 410: the resourceVersion is too old, list again
  kUnauthenticated,   // 401: read the token again
  kPermissionDenied,  // 403: needs an administrator; retry slowly
  kTooLarge,          // 413 or a bound of ours: do not retry unchanged
  kRateLimited,       // 429: wait retry_after
  kUnavailable,       // connection refused, reset, 5xx: retry with backoff
  kDeadlineExceeded,  // total or idle deadline passed: the outcome is unknown, read back
  kCancelled,         // our own stop token fired
  kTls,               // the peer failed authentication: never retry with weaker checks
  kInternal,          // a bug or an impossible answer
};

std::string_view codeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The server's Retry-After, if it sent one.
  std::optional<std::chrono::seconds> retryAfter() const { return retry_after_; }
  Status withRetryAfter(std::chrono::seconds s) && {
    retry_after_ = s;
    return std::move(*this);
  }
  // The same error, its message prefixed by the operation that failed.
  Status annotated(std::string_view context) const;
  std::string toString() const;  // "Unavailable: connection refused"

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::optional<std::chrono::seconds> retry_after_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : v_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)
      : v_(std::in_place_index<1>, std::move(status)) {  // NOLINT(google-explicit-constructor)
    assert(!std::get<1>(v_).ok());
  }
  Result(Code code, std::string message) : Result(Status(code, std::move(message))) {}

  bool ok() const { return v_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<1>(v_); }
  const T& value() const& { return std::get<0>(v_); }
  T& value() & { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Status> v_;
};

}  // namespace profiling
