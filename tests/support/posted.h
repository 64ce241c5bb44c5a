// A request as the server passes it to a handler: the body is padded in its buffer.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "operator/net/http_server.h"

namespace profiling::test {

class Posted {
 public:
  explicit Posted(std::string body, std::string_view type = "application/json")
      : size_(body.size()), body_(std::move(body)) {
    body_.append(net::ServerRequest::kBodyPadding, '\0');
    request_.method = "POST";
    request_.content_type = type;
    request_.body = std::string_view(body_).substr(0, size_);
    request_.body_capacity = body_.size();
  }
  Posted(const Posted&) = delete;  // the request views into it
  Posted& operator=(const Posted&) = delete;

  const net::ServerRequest& request() const { return request_; }

 private:
  const std::size_t size_;
  std::string body_;
  net::ServerRequest request_;
};

}  // namespace profiling::test
