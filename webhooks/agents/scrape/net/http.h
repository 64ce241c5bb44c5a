// A small HTTP/1.1 client for one server. One thread at a time.
//
// The connection stays open between requests. One that the server has closed meanwhile is replaced
// silently, once, if no byte of an answer has arrived; a POST only if its body was not sent. Redirects are not followed, so that
// nothing is sent to a host that is not configured. Answers are read with Boost.Beast's parser,
// within bounds for header and body.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/status.h"
#include "webhooks/agents/scrape/net/connection.h"
#include "webhooks/agents/scrape/net/resolver.h"
#include "webhooks/agents/scrape/net/url.h"

namespace profiling::scrape {

struct HttpHeader {
  std::string name;
  std::string value;  // without control characters
};

struct HttpRequest {
  std::string_view method;  // GET or POST
  std::string target;       // below the URL's path, with query
  std::string_view content_type;
  std::string_view body;
  // If set: asked a few times a second while no answer comes. True ends what is sent: a server that
  // works on the answer until it has reason to stop, as Go's does on a profile, sees that the request
  // is over, and has a second to answer with what there is; then kUnavailable.
  std::function<bool()> given_up = nullptr;
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::string retry_after;
};

class HttpClient {
 public:
  // An https URL needs `tls`. Every request carries `headers`.
  HttpClient(Url url, std::shared_ptr<const TlsContext> tls, std::vector<HttpHeader> headers,
             std::size_t max_body, Resolver resolver = Resolver());

  // Any status is a response. kUnavailable: nothing listens, or the connection broke;
  // kDeadlineExceeded; kCancelled; kTls; kTooLarge; kInvalidArgument: the answer is not HTTP.
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline, const Cancel& cancel);
  // Only connects, so that callers can distinguish an absent server from a broken connection.
  Status connect(SteadyTime deadline, const Cancel& cancel);
  void disconnect() { connection_.reset(); }
  // Whether all of the last request was sent, so that the server may act on it without an answer.
  bool sent() const { return sent_; }
  const Url& url() const { return url_; }

 private:
  std::string head(const HttpRequest& request) const;
  Result<std::size_t> read(const HttpRequest& request, char* into, std::size_t size,
                           SteadyTime deadline, const Cancel& cancel);
  Result<HttpResponse> exchange(const HttpRequest& request, SteadyTime deadline,
                                const Cancel& cancel, bool& answered);

  Url url_;
  std::shared_ptr<const TlsContext> tls_;
  std::vector<HttpHeader> headers_;
  std::size_t max_body_;
  Resolver resolver_;
  std::unique_ptr<Connection> connection_;
  bool sent_ = false;
};

}  // namespace profiling::scrape
