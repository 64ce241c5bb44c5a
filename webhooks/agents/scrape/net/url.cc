#include "webhooks/agents/scrape/net/url.h"

#include <algorithm>
#include <charconv>

#include "operator/base/text.h"

namespace profiling::scrape {

std::string Url::authority() const {
  std::string out = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::text() const {
  return (tls ? "https://" : "http://") + authority() + path;
}

Result<Url> parseUrl(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Status(Code::kInvalidArgument,
                  "'" + printable(text, 200) + "' " + std::string(why) +
                      "; want http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]");
  };
  Url url;
  std::string_view rest = trim(text);
  if (rest.starts_with("https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong("begins with neither http:// nor https://");
  }
  // Only characters that are safe in a request line and a header, so that none can begin another.
  const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\';
  });
  if (!plain) return wrong("has a blank or another character that is not allowed in a URL");
  if (rest.find_first_of("@?#") != std::string_view::npos) {
    return wrong("has a user, a query or a fragment");
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();

  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong("has an unclosed bracket");
    url.host = authority.substr(1, end - 1);
    const std::string_view after = authority.substr(end + 1);
    if (!after.empty() && after[0] != ':') return wrong("has text after the address");
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
  }
  if (url.host.empty() || url.host.size() > 253) return wrong("has no host");
  url.port = url.tls ? 443 : 80;
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return wrong("has a port that is not a number from 1 to 65535");
    }
  }
  return url;
}

}  // namespace profiling::scrape
