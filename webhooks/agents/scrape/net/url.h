// A server's URL. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::scrape {

struct Url {
  bool tls = false;
  std::string host;  // a name, an IPv4 or an IPv6 literal, without brackets
  std::uint16_t port = 0;
  std::string path;  // begins with "/" and does not end with one, or is empty

  std::string authority() const;  // for the Host header
  std::string text() const;
};

// http[s]://HOST[:PORT][/PATH]. No user, query or fragment.
Result<Url> parseUrl(std::string_view text);

}  // namespace profiling::scrape
