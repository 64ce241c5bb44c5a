#include "webhooks/agents/scrape/net/http.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace profiling::scrape {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kMaxHeader = 16 * 1024;
constexpr std::chrono::milliseconds kLookUp{250};
constexpr std::chrono::seconds kLastWords{1};

Status parseFailure(const boost::beast::error_code& error) {
  if (error == http::error::body_limit || error == http::error::header_limit) {
    return {Code::kTooLarge, "the answer is larger than allowed"};
  }
  if (error == http::error::partial_message || error == http::error::end_of_stream) {
    return {Code::kUnavailable, "the connection ended within the answer"};
  }
  return {Code::kInvalidArgument, "the answer is not HTTP: " + error.message()};
}

}  // namespace

HttpClient::HttpClient(Url url, std::shared_ptr<const TlsContext> tls,
                       std::vector<HttpHeader> headers, std::size_t max_body, Resolver resolver)
    : url_(std::move(url)),
      tls_(std::move(tls)),
      headers_(std::move(headers)),
      max_body_(max_body),
      resolver_(std::move(resolver)) {
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request, SteadyTime deadline,
                                      const Cancel& cancel) {
  if (connection_ && connection_->stale()) connection_.reset();
  const bool reused = connection_ != nullptr;
  bool answered = false;
  sent_ = false;
  if (Status s = connect(deadline, cancel); !s.ok()) return s;
  auto response = exchange(request, deadline, cancel, answered);
  if (!response.ok()) connection_.reset();
  const bool again = reused && !answered && (!sent_ || request.method != "POST");
  if (!response.ok() && again && response.status().code() == Code::kUnavailable) {
    sent_ = false;
    if (Status s = connect(deadline, cancel); !s.ok()) return s;
    response = exchange(request, deadline, cancel, answered);
    if (!response.ok()) connection_.reset();
  }
  return response;
}

Status HttpClient::connect(SteadyTime deadline, const Cancel& cancel) {
  if (connection_) return {};
  const auto addresses = resolver_.resolve(url_.host, deadline, cancel);
  if (!addresses.ok()) return addresses.status();
  auto opened = Connection::open(*addresses, url_.port, tls_.get(), url_.host, deadline, cancel);
  if (!opened.ok()) return opened.status();
  connection_ = *std::move(opened);
  return {};
}

std::string HttpClient::head(const HttpRequest& request) const {
  std::string out(request.method);
  out += " " + url_.path + request.target + " HTTP/1.1\r\nHost: " + url_.authority() +
         "\r\nUser-Agent: profiling-agent/" PROFILING_VERSION "\r\nAccept: */*\r\n";
  for (const HttpHeader& header : headers_) out += header.name + ": " + header.value + "\r\n";
  if (request.method == "POST") {
    out += "Content-Type: " + std::string(request.content_type) +
           "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return out + "\r\n";
}

Result<std::size_t> HttpClient::read(const HttpRequest& request, char* into, std::size_t size,
                                     SteadyTime deadline, const Cancel& cancel) {
  while (request.given_up) {
    const SteadyTime look = std::min(deadline, std::chrono::steady_clock::now() + kLookUp);
    auto n = connection_->read(into, size, look, cancel);
    if (n.ok() || n.status().code() != Code::kDeadlineExceeded || look == deadline) return n;
    if (!request.given_up()) continue;
    connection_->endOfRequests();
    const SteadyTime last = std::min(deadline, std::chrono::steady_clock::now() + kLastWords);
    n = connection_->read(into, size, last, cancel);
    if (n.ok() || n.status().code() != Code::kDeadlineExceeded) return n;
    return Status(Code::kUnavailable, "given up");
  }
  return connection_->read(into, size, deadline, cancel);
}

Result<HttpResponse> HttpClient::exchange(const HttpRequest& request, SteadyTime deadline,
                                          const Cancel& cancel, bool& answered) {
  if (Status s = connection_->write(head(request), deadline, cancel); !s.ok()) return s;
  if (Status s = connection_->write(request.body, deadline, cancel); !s.ok()) return s;
  sent_ = true;
  http::response_parser<http::string_body> parser;
  parser.header_limit(kMaxHeader);
  parser.body_limit(max_body_);
  boost::beast::error_code error;
  std::string pending;  // received, not yet parsed
  std::array<char, 16 * 1024> block{};
  while (!parser.is_done()) {
    const auto n = read(request, block.data(), block.size(), deadline, cancel);
    if (!n.ok()) return n.status();
    if (*n == 0) {
      if (!answered) return Status(Code::kUnavailable, "the connection was closed");
      parser.put_eof(error);
      if (error) return parseFailure(error);
      break;
    }
    answered = true;
    pending.append(block.data(), *n);
    while (!pending.empty() && !parser.is_done()) {
      const std::size_t used = parser.put(boost::asio::buffer(pending), error);
      pending.erase(0, used);
      if (error == http::error::need_more) break;
      if (error) return parseFailure(error);
      // Not before: Beast 1.74 forgets that a length is over the limit when it goes on to the body.
      if (parser.is_header_done()) parser.eager(true);
      if (used == 0) break;
    }
    if (pending.size() > 2 * kMaxHeader) {
      return Status(Code::kTooLarge, "the answer's header is larger than allowed");
    }
  }
  auto message = parser.release();
  if (!message.keep_alive() || !pending.empty()) connection_.reset();
  if (message.result_int() < 100) {
    connection_.reset();
    return Status(Code::kInvalidArgument,
                  "the answer is not HTTP: its status has less than three digits");
  }
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  const auto retry = message[http::field::retry_after];
  response.retry_after.assign(retry.data(), retry.size());
  response.body = std::move(message.body());
  return response;
}

}  // namespace profiling::scrape
