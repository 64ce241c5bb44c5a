#include "webhooks/agents/scrape/net/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "webhooks/agents/scrape/net/socket_address.h"

namespace profiling::scrape {
namespace {

Status broken(int error) {
  return {Code::kUnavailable, std::strerror(error)};
}

Result<Fd> dial(const Address& address, std::uint16_t port, SteadyTime deadline,
                const Cancel& cancel) {
  const SocketAddress to(address, port);
  Fd socket(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return broken(errno);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), to.get(), to.size()) == 0) return socket;
  if (errno != EINPROGRESS) return broken(errno);
  if (Status s = waitFor(socket.get(), For::kWriting, deadline, cancel); !s.ok()) return s;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return broken(error);
  return socket;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::vector<Address>& addresses,
                                                     std::uint16_t port, const TlsContext* tls,
                                                     const std::string& host, SteadyTime deadline,
                                                     const Cancel& cancel) {
  Status last(Code::kUnavailable, "no address");
  for (const Address& address : addresses) {
    auto socket = dial(address, port, deadline, cancel);
    if (!socket.ok()) {
      last = socket.status().annotated("connecting to " + address.text());
      if (last.code() == Code::kUnavailable) continue;
      return last;
    }
    std::unique_ptr<Connection> connection(new Connection(*std::move(socket)));
    if (tls != nullptr) {
      if (Status s = connection->handshake(*tls, host, deadline, cancel); !s.ok()) {
        return s.annotated("TLS with " + host + " (" + address.text() + ")");
      }
    }
    return connection;
  }
  return last;
}

Connection::~Connection() {
  if (ssl_ != nullptr) {
    // Sends close_notify if that does not block.
    ::SSL_shutdown(ssl_);
    ::SSL_free(ssl_);
    (void)tlsError();
  }
}

Status Connection::handshake(const TlsContext& tls, const std::string& host, SteadyTime deadline,
                             const Cancel& cancel) {
  ssl_ = ::SSL_new(tls.get());
  if (ssl_ == nullptr || ::SSL_set_fd(ssl_, socket_.get()) != 1) {
    return {Code::kInternal, tlsError()};
  }
  const bool literal = parseAddress(host).has_value();
  const bool named =
      literal ? ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_), host.c_str()) == 1
              : ::SSL_set1_host(ssl_, host.c_str()) == 1 &&
                    SSL_set_tlsext_host_name(ssl_, host.c_str()) == 1;
  if (!named) return {Code::kInternal, tlsError()};
  while (true) {
    const int result = ::SSL_connect(ssl_);
    if (result == 1) return {};
    if (const long verified = ::SSL_get_verify_result(ssl_); verified != X509_V_OK) {
      (void)tlsError();
      return {Code::kTls, ::X509_verify_cert_error_string(verified)};
    }
    bool end = false;
    if (Status s = afterTls(result, deadline, cancel, end); !s.ok()) return s;
    if (end) return {Code::kUnavailable, "the peer closed the connection"};
  }
}

Status Connection::afterTls(int result, SteadyTime deadline, const Cancel& cancel, bool& end) {
  switch (::SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return waitFor(socket_.get(), For::kReading, deadline, cancel);
    case SSL_ERROR_WANT_WRITE:
      return waitFor(socket_.get(), For::kWriting, deadline, cancel);
    case SSL_ERROR_ZERO_RETURN:
      end = true;
      return {};
    case SSL_ERROR_SYSCALL:
      (void)tlsError();
      return broken(errno == 0 ? ECONNRESET : errno);
    default:
      return {Code::kUnavailable, tlsError()};
  }
}

void Connection::endOfRequests() {
  if (ssl_ == nullptr) (void)::shutdown(socket_.get(), SHUT_WR);
}

Status Connection::write(std::string_view bytes, SteadyTime deadline, const Cancel& cancel) {
  while (!bytes.empty()) {
    if (ssl_ != nullptr) {
      const int n = ::SSL_write(ssl_, bytes.data(),
                                static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
      if (n > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
        continue;
      }
      bool end = false;
      if (Status s = afterTls(n, deadline, cancel, end); !s.ok()) return s;
      if (end) return broken(EPIPE);
      continue;
    }
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (Status s = waitFor(socket_.get(), For::kWriting, deadline, cancel); !s.ok()) return s;
    } else if (errno != EINTR) {
      return broken(errno);
    }
  }
  return {};
}

Result<std::size_t> Connection::read(char* into, std::size_t size, SteadyTime deadline,
                                     const Cancel& cancel) {
  while (true) {
    if (ssl_ != nullptr) {
      const int n = ::SSL_read(ssl_, into, static_cast<int>(size));
      if (n > 0) return static_cast<std::size_t>(n);
      bool end = false;
      if (Status s = afterTls(n, deadline, cancel, end); !s.ok()) return s;
      if (end) return std::size_t{0};
      continue;
    }
    const ssize_t n = ::recv(socket_.get(), into, size, 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EAGAIN) {
      if (Status s = waitFor(socket_.get(), For::kReading, deadline, cancel); !s.ok()) return s;
    } else if (errno != EINTR) {
      return broken(errno);
    }
  }
}

bool Connection::stale() const {
  // TLS peers send messages of their own, such as session tickets; only an end counts.
  pollfd p{socket_.get(), static_cast<short>(ssl_ == nullptr ? POLLIN : POLLRDHUP), 0};
  return ::poll(&p, 1, 0) > 0;
}

}  // namespace profiling::scrape
