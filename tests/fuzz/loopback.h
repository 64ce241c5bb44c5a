// Sockets on loopback for targets whose code reads from a connection.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

namespace profiling::fuzz {

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  // A reset instead of a wait for the peer: otherwise the ports run out.
  ~Socket() {
    const linger off{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  void sendAll(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the peer has had enough
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void endSending() const { ::shutdown(fd_, SHUT_WR); }
  std::string readAll() const {
    std::string out;
    char block[16 * 1024];
    for (ssize_t n = 0; (n = ::recv(fd_, block, sizeof block, 0)) > 0;) {
      out.append(block, static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  int fd_;
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline int dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  require(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
          "the server accepts");
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

}  // namespace profiling::fuzz
