#include "webhooks/agents/scrape/net/address.h"

#include <arpa/inet.h>

namespace profiling::scrape {

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<Address> parseAddress(std::string_view text) {
  const std::string literal(text);
  Address address;
  if (::inet_pton(AF_INET, literal.c_str(), address.bytes.data()) == 1) return address;
  if (::inet_pton(AF_INET6, literal.c_str(), address.bytes.data()) == 1) {
    address.v6 = true;
    return address;
  }
  return std::nullopt;
}

}  // namespace profiling::scrape
