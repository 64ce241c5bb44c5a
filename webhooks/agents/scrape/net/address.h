// An IPv4 or IPv6 address. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace profiling::scrape {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // network order; the first four for IPv4

  bool operator==(const Address&) const = default;
  std::string text() const;
};

// A literal; IPv6 without brackets and without a zone.
std::optional<Address> parseAddress(std::string_view text);

}  // namespace profiling::scrape
