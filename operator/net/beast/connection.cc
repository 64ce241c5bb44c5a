#include "operator/net/beast/connection.h"

#include <array>
#include <chrono>
#include <optional>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>

#include "operator/base/log.h"
#include "operator/net/beast/framing.h"
#include "operator/net/beast/padded_body.h"
#include "operator/net/beast/reply.h"

namespace profiling::net::beast {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadChunk = 16 * 1024;
constexpr std::size_t kKeepCapacity = 64 * 1024;  // bigger buffers are given back between requests
// What an idle connection keeps ready; a whole request often fits.
constexpr std::size_t kFirstRead = 4 * 1024;
constexpr std::chrono::milliseconds kLinger{1'000};
constexpr std::size_t kLingerBytes = 8 * 1024 * 1024;

using PlainStream = asio::ip::tcp::socket;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

template <class Stream>
class ConnectionOn final : public Connection {
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

 public:
  ConnectionOn(Shared& shared, Worker& worker, asio::ip::tcp::socket socket, std::uint64_t number,
               Door::Ticket ticket, std::shared_ptr<asio::ssl::context> context)
      : Connection(shared, worker, number, ticket),
        context_(std::move(context)),
        stream_(makeStream(std::move(socket), context_.get())),
        timer_(worker.io) {}

  void start() override {
    armTimer();
    if constexpr (kTls) {
      within(limits().handshake, "handshake_timeout");
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](error_code error) {
        if (error) {
          if (!self->timed_out_ && !self->closed_) self->shared_.rejected("tls_handshake");
          return self->closeNow();
        }
        self->nextRequest();
      });
    } else {
      nextRequest();
    }
  }

  void closeIfIdle() override {
    if (state_ == State::kIdle || state_ == State::kOpening) closeNow();
  }
  void giveWay() override { closeNow(); }

 private:
  enum class State { kOpening, kIdle, kBusy, kClosing };

  static Stream makeStream(asio::ip::tcp::socket socket, asio::ssl::context* context) {
    if constexpr (kTls) {
      return Stream(std::move(socket), *context);
    } else {
      (void)context;
      return socket;
    }
  }
  std::shared_ptr<ConnectionOn> self() {
    return std::static_pointer_cast<ConnectionOn>(this->shared_from_this());
  }
  const ServerLimits& limits() const { return shared_.options.limits; }
  asio::ip::tcp::socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // Enters it in the books too; a connection that was sent away closes.
  bool enter(State state, Phase phase) {
    state_ = state;
    if (shared_.door.enterPhase(ticket_, phase, SteadyClock::now())) return true;
    closeNow();
    return false;
  }

  // ---- deadlines

  void within(std::chrono::milliseconds time, std::string_view reason) {
    deadline_ = SteadyClock::now() + time;
    deadline_reason_ = reason;
    if (deadline_ < timer_.expiry()) armTimer();
  }

  void armTimer() {
    timer_.expires_at(deadline_);
    timer_.async_wait(
        [weak = std::weak_ptr<Connection>(this->shared_from_this())](error_code error) {
          const auto connection = std::static_pointer_cast<ConnectionOn>(weak.lock());
          if (!connection || error == asio::error::operation_aborted) return;
          connection->timerFired();
        });
  }

  void timerFired() {
    if (closed_) return;
    if (SteadyClock::now() < deadline_) return armTimer();
    timed_out_ = true;
    if (!deadline_reason_.empty()) shared_.rejected(deadline_reason_);
    if (deadline_reason_ == "header_timeout" || deadline_reason_ == "body_timeout")
      return timeoutReply();
    closeNow();
  }

  // 408 is a courtesy: a slow client may not read it, so the server does not wait long.
  void timeoutReply() {
    error_code ignored;
    socket().cancel(ignored);
    reply_after_cancel_ = true;
    deadline_ = SteadyClock::now() + kLinger;
    deadline_reason_ = "";
    armTimer();
  }

  // ---- reading

  void nextRequest() {
    parser_.reset();
    releaseBigBuffers();
    if (!enter(State::kIdle, Phase::kIdle)) return;
    if (shared_.draining) return closeNow();
    if (buffer_.empty()) {
      within(limits().idle, "");
      readMore(&ConnectionOn::headBytes);
    } else {
      headBytes();  // pipelined
    }
  }

  void readMore(void (ConnectionOn::*then)()) {
    const std::size_t old = buffer_.size();
    const std::size_t room = state_ == State::kIdle ? kFirstRead : kReadChunk;
    buffer_.resize(old + room);
    stream_.async_read_some(asio::buffer(buffer_.data() + old, room),
                            [self = self(), old, then](error_code error, std::size_t n) {
                              self->buffer_.resize(old + n);
                              if (self->reply_after_cancel_ && self->state_ == State::kBusy) {
                                self->reply_after_cancel_ = false;
                                return self->refuseWith(408, {});
                              }
                              if (error) return self->closeNow();
                              ((*self).*then)();
                            });
  }

  void headBytes() {
    if (state_ != State::kBusy) {
      if (!enter(State::kBusy, Phase::kReading)) return;
      head_searched_ = 0;
      within(limits().header, "header_timeout");
    }
    const std::size_t from = head_searched_ < 3 ? 0 : head_searched_ - 3;
    const std::size_t end = buffer_.find("\r\n\r\n", from);
    head_searched_ = buffer_.size();
    const std::size_t line = buffer_.find('\n');
    if (std::min(line, buffer_.size()) > limits().request_line)
      return refuseWith(414, "request_line_too_long");
    if (std::min(end, buffer_.size()) > limits().header_block)
      return refuseWith(431, "header_too_large");
    if (end == std::string::npos) return readMore(&ConnectionOn::headBytes);
    headComplete(end + 4);
  }

  void headComplete(std::size_t size) {
    if (hasIllegalLine(std::string_view(buffer_).substr(0, size)))
      return refuseWith(400, "malformed");
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits().header_block + 4));
    parser_->body_limit(limits().body);
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(buffer_.data(), size), error);
    if (error == http::error::body_limit) return refuseWith(413, "body_too_large");
    if ((error && error != http::error::need_more) || !parser_->is_header_done())
      return refuseWith(400, "malformed");
    buffer_.erase(0, used);
    if (const auto refusal = refuse(parser_->get().base(), limits()))
      return refuseWith(refusal->status, refusal->reason);

    reply_.keep_alive = parser_->keep_alive();
    if (!boundBody()) return;
    const auto expect = parser_->get()[http::field::expect];
    if (!expect.empty()) {
      if (!boost::beast::iequals(expect, "100-continue")) return refuseWith(417, "malformed");
      if (buffer_.empty() && !parser_->is_done()) return sendContinue();
    }
    within(limits().body_read, "body_timeout");
    bodyBytes();
  }

  // False: the head alone is refused, before any of the body is read.
  bool boundBody() {
    const auto length = parser_->content_length();
    if (!parser_->chunked() && length.value_or(0) == 0) return true;
    const BodyBound bound =
        boundOf(shared_, view(parser_->get().method_string()), path(), length.value_or(0));
    if (bound.refusal) refuseWith(*bound.refusal, bound.reason);
    parser_->body_limit(bound.most);
    return !bound.refusal;
  }

  void sendContinue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    within(limits().write, "write_timeout");
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = self()](error_code error, std::size_t) {
                        if (error) return self->closeNow();
                        self->within(self->limits().body_read, "body_timeout");
                        self->bodyBytes();
                      });
  }

  void bodyBytes() {
    while (!parser_->is_done()) {
      if (buffer_.empty()) return readMore(&ConnectionOn::bodyBytes);
      if (!shared_.door.reserve(ticket_, buffer_.size(), SteadyClock::now()))
        return refuseWith(503, "busy");
      error_code error;
      parser_->eager(true);
      const std::size_t used = parser_->put(asio::buffer(buffer_), error);
      buffer_.erase(0, used);
      if (error == http::error::need_more) return readMore(&ConnectionOn::bodyBytes);
      if (error == http::error::body_limit) return refuseWith(413, "body_too_large");
      if (error) return refuseWith(400, "malformed");
    }
    answer();
  }

  // ---- answering

  static std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }
  std::string_view path() const {
    const std::string_view target = view(parser_->get().target());
    return target.substr(0, target.find('?'));
  }

  void answer() {
    const auto& message = parser_->get();
    ServerRequest request;
    request.method = view(message.method_string());
    const std::string_view target = view(message.target());
    request.path = path();
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.content_type = view(message[http::field::content_type]);
    request.body = message.body().view();
    request.body_capacity = message.body().capacity();

    const auto begin = SteadyClock::now();
    const ServerResponse response = dispatch(shared_, request);
    if (shared_.observer.request) {
      shared_.observer.request(request.path, response.status, SteadyClock::now() - begin);
    }
    send(response);
  }

  // Answers and closes: after bad framing no later byte can be trusted.
  void refuseWith(int status, std::string_view reason) {
    refuseWith(errorResponse(status), reason);
  }
  void refuseWith(const ServerResponse& response, std::string_view reason) {
    if (!reason.empty()) shared_.rejected(reason);
    if (shared_.observer.request)
      shared_.observer.request("", response.status, std::chrono::nanoseconds(0));
    reply_.keep_alive = false;
    send(response);
  }

  void send(const ServerResponse& response) {
    if (shared_.draining || shared_.closes_after_replies) reply_.keep_alive = false;
    if (!enter(State::kBusy, Phase::kAnswering)) return;
    ++shared_.in_flight;
    encodeReply(response, reply_);
    within(limits().write, "write_timeout");
    asio::async_write(stream_, asio::buffer(reply_.bytes),
                      [self = self()](error_code error, std::size_t) {
                        --self->shared_.in_flight;
                        if (error) return self->closeNow();
                        if (self->reply_.keep_alive) return self->nextRequest();
                        self->closeGracefully();
                      });
  }

  void releaseBigBuffers() {
    if (buffer_.empty() && buffer_.capacity() > kKeepCapacity) buffer_ = std::string();
    if (reply_.bytes.capacity() > kKeepCapacity) reply_.bytes = std::string();
  }

  // ---- closing

  // Shuts down and reads on for a moment: closing with unread bytes would reset the connection, and
  // a client that is still sending could lose the reply.
  void closeGracefully() {
    parser_.reset();
    if (!enter(State::kClosing, Phase::kIdle)) return;
    within(kLinger, "");
    if constexpr (kTls) {
      stream_.async_shutdown([self = self()](error_code) { self->linger(); });
    } else {
      linger();
    }
  }

  void linger() {
    error_code ignored;
    socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    buffer_.resize(kReadChunk);
    lingerRead();
  }

  void lingerRead() {
    socket().async_read_some(asio::buffer(buffer_),
                             [self = self()](error_code error, std::size_t n) {
                               self->lingered_ += n;
                               if (error || self->lingered_ > kLingerBytes) return self->closeNow();
                               self->lingerRead();
                             });
  }

  void closeNow() {
    if (closed_) return;
    closed_ = true;
    state_ = State::kClosing;
    error_code ignored;
    timer_.cancel(ignored);
    socket().close(ignored);
  }

  std::shared_ptr<asio::ssl::context> context_;  // outlives the stream that uses it
  Stream stream_;
  asio::steady_timer timer_;
  SteadyClock::time_point deadline_ = SteadyClock::now() + std::chrono::hours(1);
  std::string_view deadline_reason_;
  State state_ = State::kOpening;
  bool timed_out_ = false;
  bool reply_after_cancel_ = false;
  bool closed_ = false;
  std::size_t head_searched_ = 0;
  std::size_t lingered_ = 0;
  std::string buffer_;  // received, not yet consumed
  std::optional<http::request_parser<PaddedBody>> parser_;
  Reply reply_;
};

}  // namespace

Connection::Connection(Shared& shared, Worker& worker, std::uint64_t number, Door::Ticket ticket)
    : shared_(shared), worker_(worker), number_(number), ticket_(ticket) {
  worker_.connections.emplace(number_, this);
}

Connection::~Connection() {
  worker_.connections.erase(number_);
  shared_.door.left(ticket_);
  --shared_.open;
  if (shared_.observer.connections) shared_.observer.connections(-1);
}

std::shared_ptr<Connection> makeConnection(Shared& shared, Worker& worker,
                                           asio::ip::tcp::socket socket, std::uint64_t number,
                                           Door::Ticket ticket,
                                           std::shared_ptr<asio::ssl::context> context) {
  if (context) {
    return std::make_shared<ConnectionOn<TlsStream>>(shared, worker, std::move(socket), number,
                                                     ticket, std::move(context));
  }
  return std::make_shared<ConnectionOn<PlainStream>>(shared, worker, std::move(socket), number,
                                                     ticket, nullptr);
}

}  // namespace profiling::net::beast
