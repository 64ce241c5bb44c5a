// An address and a port as the kernel's sockaddr.
#pragma once

#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "webhooks/agents/scrape/net/address.h"

namespace profiling::scrape {

class SocketAddress {
 public:
  SocketAddress(const Address& address, std::uint16_t port) {
    if (address.v6) {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
      std::memcpy(&storage_, &v6, size_ = sizeof v6);
    } else {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
      std::memcpy(&storage_, &v4, size_ = sizeof v4);
    }
  }

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace profiling::scrape
