// Plain sockets for tests that must send what no HTTP library would.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace profiling::test {

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool send(const std::string& text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Reads until `enough` has arrived, the peer closes, or ten seconds have passed.
  // Without waiting: whether the peer has closed or reset the connection.
  bool closedBefore() const {
    char c = 0;
    const ssize_t n = recv(fd_, &c, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  std::string receive(const std::string& enough = "\n\n never \n\n") const {
    std::string got;
    char chunk[65536];
    while (got.find(enough) == std::string::npos && readable(std::chrono::seconds(10))) {
      const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
      if (n <= 0) break;
      got.append(chunk, static_cast<std::size_t>(n));
    }
    return got;
  }
  bool readable(std::chrono::milliseconds time) const {
    pollfd p{fd_, POLLIN, 0};
    return poll(&p, 1, static_cast<int>(time.count())) == 1;
  }
  // True when the peer has closed or reset the connection within ten seconds.
  bool closed() const {
    char c = 0;
    return readable(std::chrono::seconds(10)) && recv(fd_, &c, 1, 0) <= 0;
  }

 private:
  int fd_;
};

// From the loopback address 127.0.0.`from`: each is a peer of its own to the server.
inline Socket dial(int port, int from = 1) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Socket s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (from != 1) {
    sockaddr_in own = address;
    own.sin_port = 0;
    own.sin_addr.s_addr = htonl((127U << 24) + static_cast<unsigned>(from));
    if (bind(s.fd(), reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) return Socket();
  }
  if (connect(s.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Socket();
  return s;
}

class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), size);
    listen(socket_.fd(), 64);
    getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }
  Socket accept() const { return Socket(accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)); }
  bool waiting(std::chrono::milliseconds time) const { return socket_.readable(time); }
  void shut() const { shutdown(socket_.fd(), SHUT_RDWR); }

 private:
  Socket socket_;
  int port_ = 0;
};

}  // namespace profiling::test
